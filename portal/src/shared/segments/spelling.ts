import { septetsOf } from "./gsm7";

/**
 * Typography that GSM-7 spells plainly: quotes, primes and accents standing
 * alone, dashes, bullets, ellipses, spaces, and marks that are not seen at all.
 * The same table as the server's.
 */
const SPELLINGS = new Map<string, string>([
  ..."\u2018\u2019\u201a\u201b\u2032`\u00b4\u2039\u203a".split("").map(pair("'")),
  ..."\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb".split("").map(pair('"')),
  ..."\u2010\u2011\u2012\u2013\u2014\u2015\u2212".split("").map(pair("-")),
  ..."\u00a0\u2007\u2008\u2009\u200a\u202f\u2002\u2003\t".split("").map(pair(" ")),
  ..."\u00ad\u200b\ufeff".split("").map(pair("")),
  ["\u2022", "*"],
  ["\u2026", "..."],
]);

function pair(plain: string) {
  return (odd: string): [string, string] => [odd, plain];
}

/** The text with everything respelled that GSM-7 has a plain spelling for. */
export function toGsmSpelling(text: string): string {
  return Array.from(text, (character) => SPELLINGS.get(character) ?? character).join("");
}

/** A character that forces UCS-2. */
export interface Offender {
  character: string;
  /** How often the text has it. */
  count: number;
  /** The same in GSM-7, where nothing of the meaning is lost. */
  spelling: string | undefined;
}

/** The characters that force UCS-2, each once, in the order of their first occurrence. */
export function offenders(text: string): Offender[] {
  const found = new Map<string, Offender>();
  for (const character of text) {
    if (septetsOf(character) === undefined) {
      const known = found.get(character);
      if (known === undefined) {
        found.set(character, { character, count: 1, spelling: SPELLINGS.get(character) });
      } else {
        known.count += 1;
      }
    }
  }
  return [...found.values()];
}

/** The text in runs, those that force UCS-2 marked. */
export function marked(text: string): { text: string; odd: boolean }[] {
  const runs: { text: string; odd: boolean }[] = [];
  for (const character of text) {
    const odd = septetsOf(character) === undefined;
    const last = runs.at(-1);
    if (last !== undefined && last.odd === odd) {
      last.text += character;
    } else {
      runs.push({ text: character, odd });
    }
  }
  return runs;
}
