/**
 * - `clock`: 14:05 today, 24 Nov this year, 24 Nov 2025 before
 * - `exact`: date and time with seconds and zone
 * - `date`: the day alone
 */
export type TimeStyle = "clock" | "exact" | "date" | "time";

const STYLES: Record<Exclude<TimeStyle, "clock">, Intl.DateTimeFormatOptions> = {
  exact: {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  },
  date: { day: "numeric", month: "short", year: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Formats a time of the API in the user's zone. */
export function formatTime(
  at: string | Date,
  style: TimeStyle,
  locale: string,
  timeZone: string | undefined,
  now = new Date(),
): string {
  const when = typeof at === "string" ? new Date(at) : at;
  const options = style === "clock" ? clock(when, now, timeZone) : STYLES[style];
  return new Intl.DateTimeFormat(locale, { ...options, timeZone }).format(when);
}

function clock(when: Date, now: Date, timeZone: string | undefined): Intl.DateTimeFormatOptions {
  if (day(when, timeZone) === day(now, timeZone)) {
    return { hour: "2-digit", minute: "2-digit" };
  }
  const sameYear = day(when, timeZone).slice(0, 4) === day(now, timeZone).slice(0, 4);
  return { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) };
}

/** The calendar day in a zone, as 2026-11-25. */
export function day(when: Date, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    timeZone,
  }).format(when);
}

/** The moment at which a calendar day begins in a zone. */
export function startOfDay(date: string, timeZone: string | undefined): Date {
  const guess = new Date(`${date}T00:00:00Z`);
  let start = new Date(guess.getTime() - offsetMs(guess, timeZone));
  // The offset may differ between the guess and the true start.
  start = new Date(guess.getTime() - offsetMs(start, timeZone));
  return start;
}

/** How far a zone is ahead of UTC at a moment. */
function offsetMs(at: Date, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    timeZone,
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value ?? 0);
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return wall - Math.floor(at.getTime() / 1000) * 1000;
}

/** The day after a calendar day. */
export function nextDay(date: string): string {
  const next = new Date(`${date}T12:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** The time from one status to the next: +41ms, +1.2s, +3m. */
export function formatOffset(fromIso: string, toIso: string, locale: string): string {
  const ms = Math.max(0, new Date(toIso).getTime() - new Date(fromIso).getTime());
  const unit = (value: number, name: string, digits: number) =>
    `+${new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "narrow",
      maximumFractionDigits: digits,
    }).format(value)}`;
  if (ms < 1000) {
    return unit(ms, "millisecond", 0);
  }
  if (ms < 60_000) {
    return unit(ms / 1000, "second", 1);
  }
  return ms < 3_600_000 ? unit(ms / 60_000, "minute", 0) : unit(ms / 3_600_000, "hour", 1);
}

/** A calendar day as the URL has it, `2026-04-03`; anything else is none. */
export function calendarDay(value: unknown): string | undefined {
  return typeof value === "string" &&
    /^\d{4}-\d{2}-\d{2}$/.test(value) &&
    !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}
