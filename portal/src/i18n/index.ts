import i18next from "i18next";
import { initReactI18next } from "react-i18next";

/** The languages that the portal speaks, each in its own name. */
export const LANGUAGES = {
  en: "English",
  nl: "Nederlands",
  ar: "العربية",
} as const;

export type Language = keyof typeof LANGUAGES;

const texts: Record<Language, () => Promise<{ default: object }>> = {
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

/** Loads the texts of a language and turns the page to it. */
export async function speak(language: Language): Promise<void> {
  const loaded = await texts[language]();
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({
      lng: language,
      fallbackLng: false,
      resources: {},
      interpolation: { escapeValue: false },
      returnNull: false,
    });
  }
  i18next.addResourceBundle(language, "translation", loaded.default);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = direction(language);
}
