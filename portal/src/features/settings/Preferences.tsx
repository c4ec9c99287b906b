import { SegmentedControl, Select, useMantineColorScheme } from "@mantine/core";
import { useMemo } from "react";
import { isLanguage, LANGUAGES, speak, useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { remember, useTimeZone } from "~/shared/preferences";
import { Section } from "./Section";
import css from "./Settings.module.css";
import { type ProfileChange, useProfile } from "./useProfile";

/** Language, theme, time zone: chosen and in force. */
export function Preferences() {
  const { t, language } = useTranslation();
  const profile = useProfile();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const zone = useTimeZone();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = useMemo(() => ["UTC", ...Intl.supportedValuesOf("timeZone")], []);
  return (
    <Section title={t("settings.preferences")}>
      <Select
        label={t("settings.language")}
        value={language}
        onChange={(value) => {
          if (isLanguage(value)) {
            remember({ language: value });
            void speak(value);
            profile.mutate({ language: value });
          }
        }}
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
      />
      <div>
        <p className={css.label} id="settings-theme">
          {t("settings.theme.label")}
        </p>
        <SegmentedControl
          aria-labelledby="settings-theme"
          value={colorScheme}
          onChange={(value) => {
            setColorScheme(value as "auto" | "light" | "dark");
            profile.mutate({
              theme: (value === "auto" ? "system" : value) as ProfileChange["theme"],
            });
          }}
          data={[
            { value: "auto", label: t("settings.theme.system") },
            { value: "light", label: t("settings.theme.light") },
            { value: "dark", label: t("settings.theme.dark") },
          ]}
        />
      </div>
      <Select
        label={t("settings.timeZone")}
        searchable
        nothingFoundMessage={t("settings.noTimeZone")}
        value={zone ?? ""}
        onChange={(value) => {
          remember({ timeZone: value || null });
          profile.mutate({ time_zone: value || null });
        }}
        data={[
          { value: "", label: t("settings.ownTimeZone", { zone: own }) },
          ...zones.map((name) => ({ value: name, label: name.replaceAll("_", " ") })),
        ]}
        limit={60}
      />
      {profile.error !== null && <FailureNote error={profile.error} />}
    </Section>
  );
}
