import { isLanguage, LANGUAGES, speak, useTranslation } from "~/i18n";
import { remember } from "~/shared/preferences";
import css from "./Frame.module.css";

/** Chooses the language before anybody is signed in. */
export function LanguageMenu() {
  const { t, language } = useTranslation();
  return (
    <select
      className={css.language}
      aria-label={t("settings.language")}
      value={language}
      onChange={({ currentTarget: { value } }) => {
        if (isLanguage(value)) {
          remember({ language: value });
          void speak(value);
        }
      }}
    >
      {Object.entries(LANGUAGES).map(([language, name]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </select>
  );
}
