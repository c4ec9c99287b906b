import { describe, expect, it } from "vitest";
import {
  currencySymbol,
  formatMoney,
  fromMicros,
  NO_CURRENCY,
  sum,
  times,
  toMicros,
} from "./money";
import { day, formatOffset, formatTime, nextDay, startOfDay } from "./times";

const euro = (amount: string) => ({ amount, currency: "EUR" });
/** Intl puts spaces of several kinds and direction marks around its parts. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ").replace(/[\u200e\u200f]/g, "");

describe("money", () => {
  it.each([
    ["0.008", "en-GB", "€0.008"],
    ["25.00", "en-GB", "€25.00"],
    ["24.5", "en-GB", "€24.50"],
    ["1234.5", "nl", "€ 1.234,50"],
    ["0.008", "nl", "€ 0,008"],
    ["0.008", "ar-u-nu-latn", "0.008 €"],
    ["-0.75", "en-GB", "-€0.75"],
  ])("%s in %s is %s", (amount, locale, shown) => {
    expect(plain(formatMoney(euro(amount), locale))).toBe(shown);
  });

  it("shows parts of a currency that has none only where the amount has them", () => {
    const yen = (amount: string) => formatMoney({ amount, currency: "JPY" }, "en-GB");
    expect(["1500.00", "0.8", "-0.125"].map(yen)).toEqual(["JP¥1,500", "JP¥0.8", "-JP¥0.125"]);
  });

  it("keeps every digit of large amounts", () => {
    expect(formatMoney(euro("9007199254740.993001"), "en-GB")).toBe("€9,007,199,254,740.993001");
  });

  it.each([
    ["EUR", "en-GB", "€", "€10.00"],
    ["USD", "en-GB", "US$", "US$10.00"],
    ["CHF", "nl", "CHF", "CHF 10,00"],
    ["EUR", "ar-u-nu-latn", "€", "10.00 €"],
    ["JPY", "en-GB", "JP¥", "JP¥10"],
    ["KWD", "en-GB", "KWD", "KWD 10.00"],
  ])("%s in %s is written as that currency is", (currency, locale, symbol, amount) => {
    expect(currencySymbol(currency, locale)).toBe(symbol);
    expect(plain(formatMoney({ amount: "10.00", currency }, locale))).toBe(amount);
  });

  it("is counted in micro-units", () => {
    expect(times(euro("0.008"), 11)).toEqual(euro("0.088"));
    expect(sum([euro("0.1"), euro("0.2")])).toEqual(euro("0.30"));
    expect(sum([])).toEqual({ amount: "0.00", currency: NO_CURRENCY });
    expect(fromMicros(toMicros("-0.000001"))).toBe("-0.000001");
    expect(fromMicros(0n)).toBe("0.00");
    expect(() => toMicros("1e3")).toThrow(RangeError);
  });
});

describe("times", () => {
  const now = new Date("2026-11-25T12:00:00Z");

  it.each([
    ["2026-11-25T10:05:30.000000Z", "Europe/Amsterdam", "11:05"],
    ["2026-11-24T23:30:00.000000Z", "Europe/Amsterdam", "00:30"],
    ["2026-11-24T23:30:00.000000Z", "UTC", "24 Nov"],
    ["2025-11-24T12:00:00.000000Z", "UTC", "24 Nov 2025"],
  ])("%s in %s is %s", (at, zone, shown) => {
    expect(formatTime(at, "clock", "en-GB", zone, now)).toBe(shown);
  });

  it("knows when a day begins, also when the clock changes", () => {
    expect(startOfDay("2026-04-03", "Europe/Amsterdam").toISOString()).toBe(
      "2026-04-02T22:00:00.000Z",
    );
    expect(startOfDay("2026-03-29", "Europe/Amsterdam").toISOString()).toBe(
      "2026-03-28T23:00:00.000Z",
    );
    expect(startOfDay("2026-03-30", "Europe/Amsterdam").toISOString()).toBe(
      "2026-03-29T22:00:00.000Z",
    );
    expect(startOfDay("2026-11-01", "America/New_York").toISOString()).toBe(
      "2026-11-01T04:00:00.000Z",
    );
    expect(startOfDay("2026-01-01", "Asia/Kolkata").toISOString()).toBe("2025-12-31T18:30:00.000Z");
  });

  it("counts days of the calendar", () => {
    expect(nextDay("2026-02-28")).toBe("2026-03-01");
    expect(day(new Date("2026-11-25T23:30:00Z"), "Europe/Amsterdam")).toBe("2026-11-26");
  });

  it.each([
    ["2026-11-25T10:00:00.000000Z", "2026-11-25T10:00:00.041000Z", "+41ms"],
    ["2026-11-25T10:00:00.000000Z", "2026-11-25T10:00:01.240000Z", "+1.2s"],
    ["2026-11-25T10:00:00.000000Z", "2026-11-25T10:03:00.000000Z", "+3m"],
    ["2026-11-25T10:00:01.000000Z", "2026-11-25T10:00:00.000000Z", "+0ms"],
  ])("from %s to %s is %s", (from, to, shown) => {
    expect(plain(formatOffset(from, to, "en-GB"))).toBe(shown);
  });
});
