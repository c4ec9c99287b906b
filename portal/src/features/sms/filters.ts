import type { Direction, Message, MessageStatus, paths } from "~/api/types";
import { calendarDay, nextDay, startOfDay } from "~/format/times";

/** What the list of messages is narrowed to; lives in the URL. */
export interface Filters {
  number?: number;
  direction?: Direction;
  status?: MessageStatus;
  /** Calendar days of the user's zone, both included. */
  since?: string;
  until?: string;
  /** Part of the text. */
  q?: string;
}

export const STATUSES = [
  "queued",
  "sending",
  "sent",
  "delivered",
  "failed",
  "received",
] as const satisfies readonly MessageStatus[];

const DIRECTIONS = ["outbound", "inbound"] as const satisfies readonly Direction[];

type Raw = Record<string, unknown>;

/** Reads the filters of a URL, and forgets what is no filter. */
export function parseFilters(raw: Raw): Filters {
  const number = Number(raw.number);
  return compact({
    number: Number.isSafeInteger(number) && number > 0 ? number : undefined,
    direction: oneOf(DIRECTIONS, raw.direction),
    status: oneOf(STATUSES, raw.status),
    since: calendarDay(raw.since),
    until: calendarDay(raw.until),
    q: typeof raw.q === "string" && raw.q !== "" ? raw.q : undefined,
  });
}

export function isFiltered(filters: Filters): boolean {
  return Object.keys(compact(filters)).length > 0;
}

/** What the API is asked for. */
export type MessageQuery = Omit<
  NonNullable<paths["/portal/sms"]["get"]["parameters"]["query"]>,
  "limit" | "cursor" | "after_id"
>;

/** The query of the API that gives these messages. */
export function toQuery(filters: Filters, timeZone: string | undefined): MessageQuery {
  return compact({
    number_id: filters.number,
    direction: filters.direction,
    status: filters.status,
    since: filters.since && startOfDay(filters.since, timeZone).toISOString(),
    until: filters.until && startOfDay(nextDay(filters.until), timeZone).toISOString(),
    q: filters.q,
  });
}

/** Whether the API would list a message under a query: what arrives live is held against it. */
export function matches(query: MessageQuery, message: Message): boolean {
  const other = message.direction === "outbound" ? message.to : message.from;
  return (
    (query.number_id === undefined || query.number_id === message.number_id) &&
    (query.direction === undefined || query.direction === message.direction) &&
    (query.status === undefined || query.status === message.status) &&
    (!query.since || at(message.created_at) >= at(query.since)) &&
    (!query.until || at(message.created_at) < at(query.until)) &&
    (!query.q || message.body.toLowerCase().includes(query.q.toLowerCase())) &&
    (!query.to || query.to === message.to) &&
    (!query.from || query.from === message.from) &&
    (!query.with || query.with === other)
  );
}

function at(iso: string): number {
  return new Date(iso).getTime();
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | undefined {
  return words.find((word) => word === value);
}

/** Without the keys that hold nothing, so that equal filters are equal keys. */
function compact<Shape extends object>(shape: Shape): Shape {
  return Object.fromEntries(
    Object.entries(shape).filter(([, value]) => value !== undefined),
  ) as Shape;
}
