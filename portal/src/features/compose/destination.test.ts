import { describe, expect, it } from "vitest";
import { destination } from "./destination";

describe("a destination", () => {
  it.each([
    ["+447700900123", undefined, "+447700900123"],
    ["+44 7700 900-123", undefined, "+447700900123"],
    ["07700 900123", "GB", "+447700900123"],
    ["0044 7700 900123", "FR", "+447700900123"],
    ["(020) 7946 0001", "GB", "+442079460001"],
    ["06 39 98 00 01", "FR", "+33639980001"],
  ])("%s typed in %s is %s", (typed, country, e164) => {
    expect(destination(typed, country)?.e164).toBe(e164);
  });

  it("tells its country even in a range reserved for fiction", () => {
    expect(destination("+447700900123", undefined)?.country).toBe("GB");
  });

  it.each(["", "hello", "+", "12", "+0123456789", "07700 900123"])("%s is none", (typed) => {
    expect(destination(typed, undefined)).toBeNull();
  });
});
