import { SseParser } from "./sse";

/** `cut` means that what is shown may be out of date. */
export type LinkState = "connecting" | "open" | "cut";

export interface LiveEvent {
  /** Position in the account's events. */
  id: number;
  name: string;
  data: unknown;
}

interface Ear {
  event(event: LiveEvent): void;
  state(state: LinkState): void;
  /** The session has ended. */
  ended(): void;
}

/** The server writes a comment every 15 s; a link that is silent for longer is dead. */
const SILENCE_MAX_MS = 40_000;
const WAIT_MIN_MS = 250;
const WAIT_MAX_MS = 8_000;

/**
 * Follows the account's events for ever, from right after `since`.
 *
 * `fetch` and not `EventSource`: that one hides keep-alives and status codes,
 * and gives up on a 503.
 */
export function follow(since: () => number | null, ear: Ear, stop: AbortSignal): void {
  let failures = 0;

  /** One connection, until it breaks. Whether another should be tried. */
  const connect = async (): Promise<boolean> => {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    stop.addEventListener("abort", abort, { once: true });
    let silence = setTimeout(abort, SILENCE_MAX_MS);
    try {
      const answer = await open(since(), attempt.signal);
      if (answer === "ended") {
        ear.ended();
        return false;
      }
      const parser = new SseParser();
      for await (const chunk of chunks(answer)) {
        clearTimeout(silence);
        silence = setTimeout(abort, SILENCE_MAX_MS);
        for (const event of parser.push(chunk)) {
          ear.event({ id: Number(event.id), name: event.name, data: JSON.parse(event.data) });
        }
        failures = 0;
        ear.state("open");
      }
    } catch {
      // Whatever broke, the answer is the same: wait and connect again.
    } finally {
      clearTimeout(silence);
      stop.removeEventListener("abort", abort);
      attempt.abort();
    }
    return !stop.aborted;
  };

  const keepConnected = async () => {
    while (await connect()) {
      ear.state("cut");
      failures += 1;
      await pause(waitMs(failures), stop);
      if (stop.aborted) {
        return;
      }
    }
  };

  ear.state("connecting");
  void keepConnected();
}

async function open(
  since: number | null,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | "ended"> {
  const answer = await fetch("/api/v1/portal/events", {
    headers: since === null ? {} : { "Last-Event-ID": String(since) },
    credentials: "same-origin",
    cache: "no-store",
    signal,
  });
  if (answer.status === 401) {
    return "ended";
  }
  if (!answer.ok || answer.body === null) {
    throw new Error(`the event stream answered ${answer.status}`);
  }
  return answer.body;
}

/** The pieces of a stream as text. Safari's streams cannot be iterated. */
async function* chunks(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    yield value;
  }
}

/** Exponential, with jitter so that many tabs do not return at once. */
function waitMs(failures: number): number {
  const most = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** (failures - 1));
  return most / 2 + (Math.random() * most) / 2;
}

/** Ends early when the browser is online again or the page is looked at. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
    window.addEventListener("online", done, { once: true });
  });
}
