import { expect, it } from "vitest";
import { parseAmount } from "./amount";

it.each([
  ["10", 2, "10.00"],
  [" 10,5 ", 2, "10.50"],
  ["1.00", 2, "1.00"],
  ["10000", 2, "10000.00"],
  ["0.99", 2, null],
  ["10000.01", 2, null],
  ["1.005", 2, null],
  ["1.005", 3, "1.005"],
  ["1500", 0, "1500.00"],
  ["1500.00", 0, "1500.00"],
  ["1500.50", 0, null],
  ["ten", 2, null],
  ["-5", 2, null],
])("of %s, with %i decimals that can be paid, comes %s", (typed, decimals, amount) => {
  expect(parseAmount(typed, decimals)).toBe(amount);
});
