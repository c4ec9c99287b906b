import { useSyncExternalStore } from "react";
import { type Texts, type Translate, translator } from "./translate";

export type { Translate } from "./translate";

/** The languages that the portal speaks, each in its own name. */
export const LANGUAGES = {
  en: "English",
  nl: "Nederlands",
  ar: "العربية",
} as const;

export type Language = keyof typeof LANGUAGES;

const texts: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import("./locales/en.json"),
  nl: () => import("./locales/nl.json"),
  ar: () => import("./locales/ar.json"),
};

export function isLanguage(text: string | null | undefined): text is Language {
  return text !== null && text !== undefined && Object.hasOwn(LANGUAGES, text);
}

export function direction(language: Language): "ltr" | "rtl" {
  return language === "ar" ? "rtl" : "ltr";
}

/** What Intl is asked for: European dates in English, western digits in Arabic. */
export function formatLocale(language: string): string {
  switch (language) {
    case "en":
      return "en-GB";
    case "ar":
      return "ar-u-nu-latn";
    default:
      return language;
  }
}

/** The best language for this browser. */
export function browserLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const tag of wanted) {
    const base = tag.split("-")[0];
    if (isLanguage(base)) {
      return base;
    }
  }
  return "en";
}

interface Spoken {
  language: Language;
  t: Translate;
}

let spoken: Spoken = { language: "en", t: translator({}, "en") };
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The texts of the language that is spoken. */
export function useTranslation(): Spoken {
  return useSyncExternalStore(subscribe, () => spoken);
}

/** What was asked for last, while its texts may still be on their way. */
let asked: Language = "en";

/** Loads the texts of a language and turns the page to it, unless another was asked for meanwhile. */
export async function speak(language: Language): Promise<void> {
  asked = language;
  const loaded = await texts[language]();
  if (language !== asked) {
    return;
  }
  spoken = { language, t: translator(loaded.default, language) };
  document.documentElement.lang = language;
  document.documentElement.dir = direction(language);
  for (const listener of listeners) {
    listener();
  }
}
