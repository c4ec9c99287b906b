import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, take } from "~/api/client";
import { useTranslation } from "~/i18n";
import { buttonClass } from "~/shared/PlainButton";
import { Spinner } from "~/shared/Spinner";
import { useTitle } from "~/shared/useTitle";
import { forgetDemoLink } from "./demoLink";
import css from "./Frame.module.css";
import { sessionQuery } from "./session";

const route = getRouteApi("/outside/verify");

/** Follows the link of a verification mail. */
export function Verify() {
  const { t } = useTranslation();
  useTitle(t("accounts.verify.title"));
  const { token } = route.useSearch();
  const cache = useQueryClient();
  // A query, not a mutation in an effect: it runs once however often the page mounts.
  const verify = useQuery({
    queryKey: ["verify", token],
    queryFn: () => take(api.POST("/portal/email/verify", { body: { token: token ?? "" } })),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  useEffect(() => {
    if (verify.isSuccess) {
      forgetDemoLink();
      void cache.invalidateQueries({ queryKey: sessionQuery.queryKey });
    }
  }, [verify.isSuccess, cache]);
  return (
    <section className={css.card}>
      <h1 className={css.title}>{t("accounts.verify.title")}</h1>
      <div className={css.form} aria-live="polite">
        {verify.isLoading && <Spinner />}
        {verify.isSuccess && <p>{t("accounts.verify.done", { email: verify.data.email })}</p>}
        {(verify.isError || token === undefined) && (
          <p role="alert">{t("accounts.verify.invalid")}</p>
        )}
        {!verify.isLoading && (
          <Link to="/sms" className={buttonClass}>
            {t("accounts.verify.action")}
          </Link>
        )}
      </div>
    </section>
  );
}
