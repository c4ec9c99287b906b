import { useTranslation } from "~/i18n";
import css from "./SmsBadge.module.css";

/** Marks a number on which SMS is switched on, or can be. */
export function SmsBadge() {
  const { t } = useTranslation();
  return <span className={css.badge}>{t("numbers.sms")}</span>;
}
