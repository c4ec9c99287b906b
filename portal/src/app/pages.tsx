import { Link } from "@tanstack/react-router";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { buttonClass } from "~/shared/PlainButton";
import { Spinner } from "~/shared/Spinner";
import css from "./pages.module.css";

export function LoadingPage() {
  return (
    <div className={css.centre}>
      <Spinner />
    </div>
  );
}

export function MissingPage() {
  const { t } = useTranslation();
  return (
    <main className={css.centre}>
      <h1 className={css.title}>{t("pages.missing.title")}</h1>
      <p className="dim">{t("pages.missing.text")}</p>
      <Link to="/sms" className={buttonClass}>
        {t("pages.missing.action")}
      </Link>
    </main>
  );
}

/** Shown when a page breaks, most often because a new version replaced its files. */
export function CrashPage({ error }: { error: unknown }) {
  return (
    <main className={css.centre}>
      <FailureNote error={error} retry={() => window.location.reload()} />
    </main>
  );
}
