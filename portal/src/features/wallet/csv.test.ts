import { describe, expect, it } from "vitest";
import { parseAmount } from "./amount";
import { toCsv } from "./csv";

describe("CSV", () => {
  it.each(["=1+1", "+44", "-x", "@SUM(A1)", "\tx"])("no formula is made of %j", (text) => {
    expect(toCsv([[text]])).toBe(`'${text}\r\n`);
  });

  it("keeps signed figures", () => {
    expect(toCsv([["-0.008", "25.00"]])).toBe("-0.008,25.00\r\n");
  });

  it("quotes what would break a row", () => {
    expect(toCsv([['say "hi", please\nnow']])).toBe('"say ""hi"", please\nnow"\r\n');
  });
});

describe("an amount", () => {
  it.each([
    ["20", "20.00"],
    ["20,5", "20.50"],
    ["1.00", "1.00"],
    ["10000", "10000.00"],
    ["0.99", null],
    ["10000.01", null],
    ["1.234", null],
    ["x", null],
    ["", null],
  ])("%j is %j", (typed, amount) => {
    expect(parseAmount(typed)).toBe(amount);
  });
});
