import { expect, it } from "vitest";
import { vatOn } from "./vat";

it.each([
  ["EUR", 2, "21.00", "20.00", "4.20"],
  ["EUR", 2, "21.00", "0.01", "0.00"],
  ["EUR", 2, "5.50", "1.00", "0.06"],
  ["EUR", 2, "7.00", "10.07", "0.70"],
  ["EUR", 2, "0.00", "20.00", "0.00"],
  ["HUF", 2, "27.00", "1000.50", "270.14"],
  ["ISK", 0, "24.00", "1002.00", "240.00"],
  ["JPY", 0, "10.00", "1234.00", "123.00"],
  ["JPY", 0, "10.00", "1235.00", "124.00"],
  // A dinar's smallest payment is 0.01.
  ["KWD", 2, "5.00", "1.10", "0.06"],
  ["KWD", 2, "21.00", "0.01", "0.00"],
])("tax in %s, with %i decimals, at %s%% of %s is %s", (currency, decimals, rate, net, tax) => {
  expect(vatOn({ amount: net, currency }, rate, decimals).amount).toBe(tax);
});
