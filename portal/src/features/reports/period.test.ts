import { expect, test } from "vitest";
import { days, parseReport } from "./period";

test("a period is days in UTC, whatever the hour", () => {
  const now = new Date("2026-03-01T00:00:00Z");
  expect(days({}, now)).toEqual(["2026-03-01", "2026-03-01"]);
  expect(days({ period: "last" }, now)).toEqual(["2026-02-01", "2026-02-28"]);
  expect(days({ period: "days" }, now)).toEqual(["2026-01-31", "2026-03-01"]);
  expect(days({ period: "custom", from: "2025-12-24" }, now)).toEqual(["2025-12-24", "2026-03-01"]);
});

test("the last month of January is in the year before", () => {
  const now = new Date("2026-01-31T23:59:59Z");
  expect(days({ period: "last" }, now)).toEqual(["2025-12-01", "2025-12-31"]);
});

test("a URL's report is read, and what is none is forgotten", () => {
  const raw = { period: "custom", from: "2026-04-03", to: "soon", group: "country" };
  expect(parseReport(raw)).toEqual({ ...raw, to: undefined });
  expect(parseReport({ period: "decade", group: "carrier" })).toEqual({});
});
