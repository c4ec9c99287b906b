import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { measure } from "./segments";
import { marked, offenders, toGsmSpelling } from "./spelling";

interface Case {
  name: string;
  text: [string, number][];
  encoding: "gsm7" | "ucs2";
  characters: number;
  units: number;
  segments: number;
  parts: number[];
}

// Vitest runs in portal/.
const { cases } = JSON.parse(readFileSync("../testdata/segments.json", "utf8")) as {
  cases: Case[];
};

describe("the parts of a text", () => {
  it.each(cases)("$name", ({ text, encoding, characters, units, segments, parts }) => {
    const whole = text.map(([piece, count]) => piece.repeat(count)).join("");
    const found = measure(whole);
    expect({ ...found, unitsLeft: undefined }).toEqual({
      encoding,
      characters,
      units,
      parts,
      unitsLeft: undefined,
    });
    expect(found.parts).toHaveLength(segments);
  });

  it("an empty text has none", () => {
    expect(measure("").parts).toEqual([]);
  });
});

describe("the GSM spelling", () => {
  it("makes typographic text plain", () => {
    expect(toGsmSpelling("“It’s…”\u00a0– ok")).toBe('"It\'s..." - ok');
  });

  it("names each offender once", () => {
    expect(offenders("It’s €5 – it’s ✓")).toEqual([
      { character: "’", count: 2, spelling: "'" },
      { character: "–", count: 1, spelling: "-" },
      { character: "✓", count: 1, spelling: undefined },
    ]);
  });

  it("marks the runs that force UCS-2", () => {
    expect(marked("a“”b")).toEqual([
      { text: "a", odd: false },
      { text: "“”", odd: true },
      { text: "b", odd: false },
    ]);
  });
});
