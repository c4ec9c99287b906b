// The counter under a text against the server that bills it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createServer } from "vite";
import { startPortal } from "./lib/portal.mjs";

const TEXTS = Number(process.env.DIDFARM_TEXTS ?? 5_000);
const AT_ONCE = 16;

let portal;
let vite;

before(async () => {
  portal = await startPortal();
  vite = await createServer({
    server: { middlewareMode: true },
    appType: "custom",
    logLevel: "error",
  });
});
after(async () => {
  await vite.close();
  await portal.stop();
});

/** Mulberry32: the same texts in every run. */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomness(20_260_403);
const below = (limit) => Math.floor(random() * limit);
const ALPHABETS = [
  "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?",
  "abc €{}[]~|\\^ def",
  "@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà",
  "plain “typographic” — it’s…",
  "مرحبا بالعالم",
  "漢字かな交じり文",
  "😀👍🏽👩‍👩‍👧 ok",
];

function text() {
  // Most lengths of interest are where a part ends.
  const around = [70, 134, 153, 160, 201, 306, 459, 1_600][below(8)];
  const length = Math.min(1_600, Math.max(1, random() < 0.5 ? around + below(9) - 4 : below(400)));
  const main = [...ALPHABETS[below(ALPHABETS.length)]];
  const other = [...ALPHABETS[below(ALPHABETS.length)]];
  const mixing = random() < 0.5 ? 0 : 0.05;
  const characters = Array.from({ length }, () => {
    const alphabet = random() < mixing ? other : main;
    return alphabet[below(alphabet.length)];
  });
  // A text of spaces alone is none.
  characters[below(length)] = "x";
  return characters.join("");
}

test(`${TEXTS} random texts are measured as the server measures them`, async () => {
  const { measure } = await vite.ssrLoadModule("/src/shared/segments/segments.ts");
  const { offenders } = await vite.ssrLoadModule("/src/shared/segments/spelling.ts");
  const from = portal.demo.numbers[0].id;
  let left = TEXTS;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const body = text();
      const quote = { from_number_id: from, to: "+447700900123", body };
      let answer = await portal.call("POST", "/portal/sms/quote", quote);
      while (answer.status === 429) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        answer = await portal.call("POST", "/portal/sms/quote", quote);
      }
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const { encoding, characters, segments, forced_by } = answer.body.quote;
      const own = measure(body);
      assert.deepEqual(
        {
          encoding: own.encoding,
          characters: own.characters,
          segments: own.parts.length,
          forced_by: offenders(body).map(({ character, spelling }) => [
            character,
            spelling ?? null,
          ]),
        },
        {
          encoding,
          characters,
          segments,
          forced_by: forced_by.map((each) => [each.character, each.gsm_spelling ?? null]),
        },
        JSON.stringify(body),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});
