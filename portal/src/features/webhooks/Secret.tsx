import { Button } from "@mantine/core";
import { useTranslation } from "~/i18n";
import { CopyButton } from "~/shared/CopyButton";
import css from "./Webhooks.module.css";

/** A new secret, this once. */
export function Secret({ secret, onDone }: { secret: string; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={css.form}>
      <p>{t("webhooks.secret.text")}</p>
      <div className={css.secret}>
        <code dir="ltr">{secret}</code>
        <CopyButton text={secret} label={t("common.copy")} />
      </div>
      <Button onClick={onDone}>{t("webhooks.secret.done")}</Button>
    </div>
  );
}
