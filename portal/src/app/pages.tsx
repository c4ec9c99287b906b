import { Button, Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { FailureNote } from "~/shared/FailureNote";
import css from "./pages.module.css";

export function LoadingPage() {
  const { t } = useTranslation();
  return (
    <div className={css.centre} role="status" aria-label={t("common.loading")}>
      <Loader size="sm" />
    </div>
  );
}

export function MissingPage() {
  const { t } = useTranslation();
  return (
    <main className={css.centre}>
      <h1 className={css.title}>{t("pages.missing.title")}</h1>
      <p className="dim">{t("pages.missing.text")}</p>
      <Button renderRoot={(props) => <Link to="/sms" {...props} />} variant="default">
        {t("pages.missing.action")}
      </Button>
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
