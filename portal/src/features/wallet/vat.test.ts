import { expect, test } from "vitest";
import { vatOn } from "./vat";

test("tax is rounded half up to the cent, as the server does", () => {
  for (const [rate, net, tax] of [
    ["21.00", "20.00", "4.20"],
    ["21.00", "0.01", "0.00"],
    ["5.50", "1.00", "0.06"],
    ["7.00", "10.07", "0.70"],
    ["0.00", "20.00", "0.00"],
  ] as const) {
    expect(vatOn({ amount: net, currency: "EUR" }, rate).amount).toBe(tax);
  }
  expect(vatOn({ amount: "1234.00", currency: "JPY" }, "10.00").amount).toBe("123.00");
  expect(vatOn({ amount: "0.01", currency: "KWD" }, "21.00").amount).toBe("0.002");
});
