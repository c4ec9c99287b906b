import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, take } from "~/api/client";
import { queryClient } from "~/app/queries";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { PlainButton } from "~/shared/PlainButton";
import { useTitle } from "~/shared/useTitle";
import { localPath } from "./demoLink";
import { Field } from "./Field";
import css from "./Frame.module.css";
import { PASSWORD_MIN } from "./SignUp";
import { sessionQuery } from "./session";

const route = getRouteApi("/outside/reset");

export function Reset() {
  const { t } = useTranslation();
  useTitle(t("accounts.reset.title"));
  const { token } = route.useSearch();
  return (
    <section className={css.card}>
      <h1 className={css.title}>{t("accounts.reset.title")}</h1>
      {token === undefined ? <AskForLink /> : <NewPassword token={token} />}
      <p className={css.foot}>
        <Link to="/sign-in" className="link">
          {t("accounts.reset.back")}
        </Link>
      </p>
    </section>
  );
}

function AskForLink() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      take(api.POST("/portal/password/reset/request", { body: { email: email.trim() } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  if (ask.isSuccess) {
    const link = ask.data.demo_link;
    return (
      <div className={css.form} role="status">
        <p>{t("accounts.reset.sent", { email })}</p>
        {link && (
          <p className={css.demo}>
            {t("accounts.demoMail")}{" "}
            <a href={localPath(link)} className="link">
              {t("accounts.reset.demoLink")}
            </a>
          </p>
        )}
      </div>
    );
  }
  return (
    <form className={css.form} onSubmit={submit}>
      <p className="dim">{t("accounts.reset.lead")}</p>
      <Field
        label={t("accounts.email")}
        type="email"
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={setEmail}
        error={fieldError(ask.error, "email")}
      />
      {ask.error !== null && !fieldError(ask.error, "email") && <FailureNote error={ask.error} />}
      <PlainButton type="submit" loading={ask.isPending}>
        {t("accounts.reset.action")}
      </PlainButton>
    </form>
  );
}

function NewPassword({ token }: { token: string }) {
  const { t } = useTranslation();
  const router = useRouter();
  const [password, setPassword] = useState("");
  const change = useMutation({
    mutationFn: () => take(api.POST("/portal/password/reset", { body: { token, password } })),
    onSuccess: () => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, null);
      router.history.push("/sign-in");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const passwordError = fieldError(change.error, "password");
  const used = fieldError(change.error, "token");
  return (
    <form className={css.form} onSubmit={submit}>
      <Field
        label={t("accounts.reset.new")}
        description={t("accounts.passwordRule", { n: PASSWORD_MIN })}
        type="password"
        name="password"
        autoComplete="new-password"
        required
        minLength={PASSWORD_MIN}
        maxLength={200}
        value={password}
        onChange={setPassword}
        error={passwordError}
      />
      {used && (
        <p role="alert">
          {t("accounts.reset.invalid")}{" "}
          <Link to="/reset" className="link">
            {t("accounts.reset.again")}
          </Link>
        </p>
      )}
      {change.error !== null && !passwordError && !used && <FailureNote error={change.error} />}
      <PlainButton type="submit" loading={change.isPending}>
        {t("accounts.reset.set")}
      </PlainButton>
    </form>
  );
}
