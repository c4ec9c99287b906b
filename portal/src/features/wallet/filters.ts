import type { paths } from "~/api/types";
import { calendarDay, nextDay, startOfDay } from "~/format/times";

export const KINDS = [
  "sms",
  "sms_refund",
  "topup",
  "topup_refund",
  "topup_restored",
  "dispute",
  "debt",
  "credit",
  "number_setup",
  "number",
  "sms_addon",
  "refund",
] as const;

export type Kind = (typeof KINDS)[number];

/** What the transactions are narrowed to; lives in the URL. */
export interface Filters {
  kind?: Kind;
  number?: number;
  /** Calendar days of the user's zone, both included. */
  since?: string;
  until?: string;
  /** Part of the note. */
  q?: string;
}

/** Reads the filters of a URL, and forgets what is no filter. */
export function parseFilters(raw: Record<string, unknown>): Filters {
  const number = Number(raw.number);
  return {
    kind: KINDS.find((kind) => kind === raw.kind),
    number: Number.isSafeInteger(number) && number > 0 ? number : undefined,
    since: calendarDay(raw.since),
    until: calendarDay(raw.until),
    q: typeof raw.q === "string" && raw.q !== "" ? raw.q : undefined,
  };
}

export function isFiltered({ kind, number, since, until, q }: Filters): boolean {
  return [kind, number, since, until, q].some((value) => value !== undefined);
}

/** What the API is asked for, as a page or as a file. */
export type TransactionsQuery = NonNullable<
  paths["/portal/wallet/transactions.csv"]["get"]["parameters"]["query"]
>;

export function toQuery(filters: Filters, timeZone: string | undefined): TransactionsQuery {
  return {
    kind: filters.kind,
    number_id: filters.number,
    since: filters.since && startOfDay(filters.since, timeZone).toISOString(),
    until: filters.until && startOfDay(nextDay(filters.until), timeZone).toISOString(),
    q: filters.q,
  };
}

/** Where the same transactions are as a file. */
export function fileAddress(query: TransactionsQuery): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const params = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return ["/api/v1/portal/wallet/transactions.csv", String(params)].filter(Boolean).join("?");
}
