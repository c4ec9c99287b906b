import { useTranslation } from "~/i18n";
import { Page } from "~/shared/Page";
import { Password } from "./Password";
import { Preferences } from "./Preferences";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";

export function SettingsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("nav.settings")}>
      <Profile />
      <Preferences />
      <Password />
      <Sessions />
    </Page>
  );
}
