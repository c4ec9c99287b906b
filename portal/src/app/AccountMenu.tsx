import { Menu, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { signOut, useSession } from "~/features/accounts/session";
import { useProfile } from "~/features/settings/useProfile";
import { useTranslation } from "~/i18n";
import { DownIcon } from "~/shared/icons";
import css from "./AccountMenu.module.css";

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme();
  const profile = useProfile();
  const turn = (theme: "light" | "dark") => {
    setColorScheme(theme);
    profile.mutate({ theme });
  };
  const leave = async () => {
    await signOut();
    await navigate({ to: "/sign-in" });
  };
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={css.button}>
          <span className="visually-hidden">{t("shell.account")}</span>
          <span className="truncate ltr">{session?.email}</span>
          <DownIcon size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void navigate({ to: "/start" })}>{t("nav.start")}</Menu.Item>
        <Menu.Item onClick={() => void navigate({ to: "/settings" })}>
          {t("nav.settings")}
        </Menu.Item>
        <Menu.Item onClick={() => turn(scheme === "dark" ? "light" : "dark")}>
          {scheme === "dark" ? t("shell.light") : t("shell.dark")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>{t("accounts.signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
