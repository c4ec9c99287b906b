import type en from "./locales/en.json";

/** What a text is filled in with; `count` also chooses its plural form. */
export type Values = Record<string, string | number | undefined>;

type Plural = "zero" | "one" | "two" | "few" | "many" | "other";
type Singular<Key extends string> = Key extends `${infer Base}_${Plural}` ? Base : Key;
type Path<Texts> = {
  [Key in keyof Texts & string]: Texts[Key] extends string
    ? Singular<Key>
    : `${Key}.${Path<Texts[Key]>}`;
}[keyof Texts & string];

/** The path of a text in the files, `sms.title`, without its plural form. */
export type TextKey = Path<typeof en>;

/** Answers a text; the key itself, or `defaultValue`, where there is none. */
export type Translate = (key: TextKey, values?: Values) => string;

/** The texts of a language, by the words of their paths. */
export interface Texts {
  [word: string]: string | Texts;
}

export function translator(texts: Texts, language: string): Translate {
  const plurals = new Intl.PluralRules(language);
  const find = (path: string) => {
    let found: string | Texts | undefined = texts;
    for (const word of path.split(".")) {
      found = typeof found === "object" ? found[word] : undefined;
    }
    return typeof found === "string" ? found : undefined;
  };
  return (key, values = {}) => {
    const { count, defaultValue = key } = values;
    const plural = typeof count === "number" ? find(`${key}_${plurals.select(count)}`) : undefined;
    const text = plural ?? find(key) ?? String(defaultValue);
    return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ""));
  };
}
