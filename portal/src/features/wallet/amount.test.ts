import { expect, it } from "vitest";
import { parseAmount, plainAmount, roundAmount } from "./amount";

/** What a top-up may be, as the server says it of a currency. */
function limits(currency: string, minimum: string, maximum: string, decimals: number) {
  const money = (amount: string) => ({ amount, currency });
  return { minimum: money(minimum), maximum: money(maximum), decimals };
}
const LIMITS = {
  EUR: limits("EUR", "1.00", "10000.00", 2),
  HUF: limits("HUF", "1000.00", "10000000.00", 2),
  IRR: limits("IRR", "100000.00", "1000000000.00", 2),
  ISK: limits("ISK", "100.00", "1000000.00", 0),
  JPY: limits("JPY", "100.00", "1000000.00", 0),
  // The third digit is written, and cannot be paid.
  KWD: limits("KWD", "1.00", "10000.00", 2),
};

it.each([
  ["10", "EUR", "10.00"],
  [" 10,5 ", "EUR", "10.50"],
  ["1.00", "EUR", "1.00"],
  ["10000", "EUR", "10000.00"],
  ["0.99", "EUR", null],
  ["10000.01", "EUR", null],
  ["1.005", "EUR", null],
  ["1.500000", "EUR", "1.50"],
  ["1.5000000", "EUR", null],
  ["010", "EUR", "10.00"],
  ["1.005", "KWD", null],
  ["1.010", "KWD", "1.01"],
  ["999.99", "HUF", null],
  ["1000.01", "HUF", "1000.01"],
  ["99", "JPY", null],
  ["1500", "JPY", "1500.00"],
  ["1500.00", "JPY", "1500.00"],
  ["1500.50", "JPY", null],
  ["1500,5", "ISK", null],
  ["1000000", "JPY", "1000000.00"],
  ["1000001", "JPY", null],
  ["1000000000", "IRR", "1000000000.00"],
  ["10000000000", "IRR", null],
  ["ten", "EUR", null],
  ["-5", "EUR", null],
  ["", "EUR", null],
] as const)("of %s, in %s, comes %s", (typed, currency, amount) => {
  expect(parseAmount(typed, LIMITS[currency])).toBe(amount);
});

it("offers round amounts, each of which can be paid", () => {
  const offered = Object.values(LIMITS).map((each) => roundAmount(each, 20));
  expect(offered).toEqual(["20.00", "20000.00", "2000000.00", "2000", "2000", "20.00"]);
  for (const each of Object.values(LIMITS)) {
    for (const count of [10, 20, 50, 100]) {
      expect(parseAmount(roundAmount(each, count), each)).not.toBeNull();
    }
  }
});

it("takes amounts of up to ten digits where any may be set", () => {
  expect(plainAmount("1234567890,5")).toBe("1234567890.50");
  expect(plainAmount("12345678901")).toBeNull();
});
