import { Button, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { isLanguage, LANGUAGES, type Language, speak } from "~/i18n";
import { DownIcon } from "~/shared/icons";
import { remember } from "~/shared/preferences";

/** Chooses the language before anybody is signed in. */
export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  const choose = (language: Language) => {
    remember({ language });
    void speak(language);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          rightSection={<DownIcon size={14} />}
          aria-label={t("settings.language")}
        >
          {isLanguage(i18n.language) ? LANGUAGES[i18n.language] : i18n.language}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([language, name]) => (
          <Menu.Item key={language} lang={language} onClick={() => choose(language as Language)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
