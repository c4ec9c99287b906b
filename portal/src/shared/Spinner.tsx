import { useTranslation } from "~/i18n";
import css from "./Spinner.module.css";

/** Something is on its way; shows only once that takes a moment. */
export function Spinner() {
  const { t } = useTranslation();
  return <span className={css.spinner} role="status" aria-label={t("common.loading")} />;
}
