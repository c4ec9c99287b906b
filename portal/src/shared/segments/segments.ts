import type { Encoding } from "~/api/types";
import { septetsOf } from "./gsm7";

/** Characters in a message, counted as the user sees them: Unicode scalar values. */
export const CHARACTERS_MAX = 1600;

/** Units of a part: alone, and once divided. Source: 3GPP TS 23.040 §9.2.3.24.1. */
const CAPACITY = {
  gsm7: { alone: 160, divided: 153 },
  ucs2: { alone: 70, divided: 67 },
} as const;

export interface Measure {
  encoding: Encoding;
  /** Unicode scalar values. */
  characters: number;
  /** Septets or UTF-16 code units, without headers. */
  units: number;
  /** Characters of each part, in order. */
  parts: number[];
  /** Units still free in the last part. */
  unitsLeft: number;
}

/**
 * The parts in which a text is sent and billed.
 *
 * An escape pair or a surrogate pair is never cut, so a part may end one unit early.
 */
export function measure(text: string): Measure {
  const characters = [...text];
  const encoding = characters.every((each) => septetsOf(each) !== undefined) ? "gsm7" : "ucs2";
  const widths = characters.map((each) =>
    encoding === "gsm7" ? (septetsOf(each) ?? 0) : each.length,
  );
  const units = widths.reduce((sum, width) => sum + width, 0);
  const { alone, divided } = CAPACITY[encoding];
  if (units <= alone) {
    const parts = characters.length === 0 ? [] : [characters.length];
    return { encoding, characters: characters.length, units, parts, unitsLeft: alone - units };
  }
  const parts: number[] = [];
  let inPart = 0;
  let used = 0;
  for (const width of widths) {
    if (used + width > divided) {
      parts.push(inPart);
      inPart = 0;
      used = 0;
    }
    inPart += 1;
    used += width;
  }
  parts.push(inPart);
  return { encoding, characters: characters.length, units, parts, unitsLeft: divided - used };
}
