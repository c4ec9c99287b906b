import createClient from "openapi-fetch";
import type { Failure, paths } from "./types";

/** Calls the API with the session cookie; types come from the OpenAPI document. */
export const api = createClient<paths>({ baseUrl: "/api/v1", credentials: "same-origin" });

/** An answer that is not a success, or no answer at all (`code` is `network`). */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";

  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    readonly param: string | null,
    readonly requestId: string | null,
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of a call, or its failure thrown as [`ApiFailure`]. */
export async function take<Data>(call: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new ApiFailure("", "network", 0, null, null, null);
  }
  if (answer.data !== undefined && answer.data !== null) {
    return answer.data;
  }
  throw failure(answer.error, answer.response);
}

function failure(body: unknown, response: Response): ApiFailure {
  const header = response.headers.get("retry-after");
  const retryAfter = header === null ? null : Number(header);
  if (isFailure(body)) {
    const { code, message, param } = body.error;
    return new ApiFailure(
      message,
      code,
      response.status,
      param ?? null,
      body.request_id,
      retryAfter,
    );
  }
  const requestId = response.headers.get("x-request-id");
  return new ApiFailure("", "unexpected", response.status, null, requestId, retryAfter);
}

function isFailure(body: unknown): body is Failure {
  return typeof body === "object" && body !== null && "error" in body && "request_id" in body;
}

/** A fresh value for `Idempotency-Key`; works without a secure context too. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
