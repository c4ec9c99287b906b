import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiFailure } from "~/api/client";
import css from "./FailureNote.module.css";
import { explain } from "./failures";
import { AlertIcon } from "./icons";

interface Props {
  error: unknown;
  retry?: () => void;
}

/** What went wrong, what to do about it, and the request id to name to support. */
export function FailureNote({ error, retry }: Props) {
  const { t } = useTranslation();
  const { title, cure, requestId } = explain(error, t);
  const needsMoney = error instanceof ApiFailure && error.code === "insufficient_balance";
  return (
    <div className={css.note} role="alert">
      <AlertIcon className={css.icon} />
      <div className={css.text}>
        <p className={css.title}>{title}</p>
        {cure !== null && <p className={css.cure}>{cure}</p>}
        {requestId !== null && (
          <p className={css.request}>
            {t("common.requestId")} <code>{requestId}</code>
          </p>
        )}
        {(retry !== undefined || needsMoney) && (
          <div className={css.actions}>
            {needsMoney && (
              <Button
                size="xs"
                renderRoot={(props) => <Link to="/wallet" search={{ add: true }} {...props} />}
              >
                {t("wallet.topUp")}
              </Button>
            )}
            {retry !== undefined && (
              <Button size="xs" variant="default" onClick={retry}>
                {t("common.retry")}
              </Button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
