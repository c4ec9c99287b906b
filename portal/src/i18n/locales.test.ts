import { describe, expect, it } from "vitest";
import ar from "./locales/ar.json";
import en from "./locales/en.json";
import nl from "./locales/nl.json";

type Texts = { [key: string]: string | Texts };

/** All texts with their paths, `sms.title`. */
function flat(texts: Texts, path = ""): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === "string" ? [[path + key, value]] : flat(value, `${path}${key}.`),
  );
}

const PLURAL = /_(zero|one|two|few|many|other)$/;
const base = (key: string) => key.replace(PLURAL, "");
const english = new Map(flat(en));
const keys = new Set([...english.keys()].map(base));
const plural = new Set([...english.keys()].filter((key) => PLURAL.test(key)).map(base));

describe.each([
  ["en", en],
  ["nl", nl],
  ["ar", ar],
])("the texts in %s", (language, texts) => {
  const own = new Map(flat(texts));

  it("are all there, and no others", () => {
    expect(new Set([...own.keys()].map(base))).toEqual(keys);
  });

  it("have every plural form of the language", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of plural) {
      const found = [...own.keys()].filter((each) => base(each) === key);
      expect(found.map((each) => each.slice(key.length + 1)).sort()).toEqual([...forms].sort());
    }
  });

  it("are filled in with the same values", () => {
    const names = (text = "") => new Set(text.match(/\{\{\w+\}\}/g));
    for (const [key, text] of own) {
      const pattern = english.get(key) ?? english.get(`${base(key)}_other`);
      const known = names(pattern);
      for (const name of names(text)) {
        expect(known, `${key} has ${name}`).toContain(name);
      }
      // A form for one or two may say the number in words.
      if (!PLURAL.test(key)) {
        expect(names(text), key).toEqual(known);
      }
    }
  });
});
