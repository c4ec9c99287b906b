// Holds segments.json against npm's sms-segments-calculator, which shares no code with segments.py.
//
// In a temporary folder: npm install sms-segments-calculator@1.3.0
// then from that folder: node <repository>/testdata/segments.check.mjs
//
// Compared: encoding, characters, segments, and the characters of each part. The library keeps a
// grapheme cluster (an accent on its letter, a flag, a skin tone) whole; the contract keeps only escape
// and surrogate pairs whole. The cases in CLUSTERS must therefore differ, and no others may.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "here.js"));
const { SegmentedMessage } = require("sms-segments-calculator");

const file = new URL("segments.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8"));
const CLUSTERS = new Set([
  "Hindi, fifty times",
  "a flag, fifty times",
  "a skin tone, fifty times",
  "a combining accent, fifty times",
  "67 combining accents, a part more if clusters were kept whole",
  "65 Cyrillic letters, then a family, then 5 letters",
  "65 Cyrillic letters, then a flag, then 5 letters",
  "66 Cyrillic letters, then a combining accent, then 5 letters",
]);
const scalars = (text) => [...text].length;
let differing = 0;
let wrong = 0;

for (const expected of cases) {
  const text = expected.text.map(([string, times]) => string.repeat(times)).join("");
  const message = new SegmentedMessage(text);
  const seen = JSON.stringify({
    encoding: message.encodingName === "GSM-7" ? "gsm7" : "ucs2",
    characters: message.numberOfUnicodeScalars,
    segments: message.segmentsCount,
    parts: message.segments.map((segment) =>
      [...segment].reduce((sum, char) => sum + (char.raw === undefined ? 0 : scalars(char.raw)), 0)),
  });
  const { encoding, characters, segments, parts } = expected;
  const ours = JSON.stringify({ encoding, characters, segments, parts });
  const differs = seen !== ours;
  differing += differs;
  if (differs !== CLUSTERS.has(expected.name)) {
    wrong += 1;
    console.log(`${expected.name}\n  file   ${ours}\n  oracle ${seen}`);
  }
}
console.log(`${cases.length} cases, ${differing} differ, ${wrong} of them unexpectedly`);
process.exit(wrong === 0 ? 0 : 1);
