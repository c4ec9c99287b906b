import { expect, it } from "vitest";
import { type Texts, type Translate, translator } from "./translate";

const texts: Texts = {
  plain: "Wallet",
  empty: "",
  deep: { er: { still: "{{from}} becomes {{to}}, {{from}}" } },
  left_one: "{{n}} unit",
  left_other: "{{n}} units",
};

const t = translator(texts, "en") as (...asked: [string, Parameters<Translate>[1]?]) => string;

it("finds a text by its path and fills it in as it is", () => {
  expect(t("plain")).toBe("Wallet");
  expect(t("empty")).toBe("");
  expect(t("deep.er.still", { from: "<b>$&", to: 0 })).toBe("<b>$& becomes 0, <b>$&");
  expect(t("deep.er.still")).toBe(" becomes , ");
});

it("chooses the plural form of the language", () => {
  expect([0, 1, 2].map((n) => t("left", { count: n, n }))).toEqual([
    "0 units",
    "1 unit",
    "2 units",
  ]);
  expect(t("plain", { count: 1 })).toBe("Wallet");
  const forms = ["zero", "one", "two", "few", "many", "other"];
  const arabic = translator(Object.fromEntries(forms.map((form) => [`left_${form}`, form])), "ar");
  const found = [0, 1, 2, 3, 11, 100].map((count) => (arabic as typeof t)("left", { count }));
  expect(found).toEqual(forms);
});

it("says the key, or what it is told to say, where there is no text", () => {
  expect(t("deep.er")).toBe("deep.er");
  expect(t("plain.er")).toBe("plain.er");
  expect(t("gone", { defaultValue: "The carrier refused it." })).toBe("The carrier refused it.");
});
