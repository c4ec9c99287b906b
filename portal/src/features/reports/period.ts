import { calendarDay } from "~/format/times";

/** What the lines of a report are for each of. */
export const GROUPS = ["day", "country", "number", "status"] as const;

export type Group = (typeof GROUPS)[number];

/** This month is what there is without one. */
export const PERIODS = ["last", "days", "custom"] as const;

/** Which report is shown; lives in the URL. */
export interface ReportSearch {
  period?: (typeof PERIODS)[number] | undefined;
  /** Days in UTC, both included; of a custom period. */
  from?: string | undefined;
  to?: string | undefined;
  group?: Group | undefined;
}

export function parseReport(raw: Record<string, unknown>): ReportSearch {
  return {
    period: PERIODS.find((period) => period === raw.period),
    from: calendarDay(raw.from),
    to: calendarDay(raw.to),
    group: GROUPS.find((group) => group === raw.group),
  };
}

/** The first and the last day that are meant. */
export function days({ period, from, to }: ReportSearch, now = new Date()): [string, string] {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const at = (month: number, day: number) =>
    new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
  switch (period) {
    case undefined:
      return [at(month, 1), at(month, day)];
    case "last":
      return [at(month - 1, 1), at(month, 0)];
    case "days":
      return [at(month, day - 29), at(month, day)];
    case "custom":
      return [from ?? at(month, 1), to ?? at(month, day)];
  }
}
