import { Link } from "@tanstack/react-router";
import { ApiFailure } from "~/api/client";
import { useTranslation } from "~/i18n";
import css from "./FailureNote.module.css";
import { explain } from "./failures";
import { AlertIcon } from "./icons";
import { buttonClass, PlainButton } from "./PlainButton";

interface Props {
  error: unknown;
  retry?: () => void;
}

/** What went wrong, what to do about it, and the request id to name to support. */
export function FailureNote({ error, retry }: Props) {
  const { t } = useTranslation();
  const { title, cure, requestId } = explain(error, t);
  const needsMoney =
    error instanceof ApiFailure && ["insufficient_balance", "payment_owed"].includes(error.code);
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
              <Link to="/wallet" search={{ add: true }} className={buttonClass} data-small>
                {t("wallet.topUp")}
              </Link>
            )}
            {retry !== undefined && (
              <PlainButton look="default" small onClick={retry}>
                {t("common.retry")}
              </PlainButton>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
