import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiFailure, api, take } from "~/api/client";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { PlainButton } from "~/shared/PlainButton";
import { useTitle } from "~/shared/useTitle";
import { Field } from "./Field";
import css from "./Frame.module.css";
import { begin } from "./session";

const route = getRouteApi("/outside/sign-in");

export function SignIn() {
  const { t } = useTranslation();
  useTitle(t("accounts.signIn.title"));
  const router = useRouter();
  const { next } = route.useSearch();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () =>
      take(api.POST("/portal/session", { body: { email: email.trim(), password } })),
    onSuccess: async ({ session }) => {
      await begin(session);
      router.history.push(next ?? "/sms");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <section className={css.card}>
      <h1 className={css.title}>{t("accounts.signIn.title")}</h1>
      <form className={css.form} onSubmit={submit}>
        <Field
          label={t("accounts.email")}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={setEmail}
        />
        <Field
          label={t("accounts.password")}
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
        />
        {signIn.error !== null && <SignInFailure error={signIn.error} />}
        <PlainButton type="submit" loading={signIn.isPending}>
          {t("accounts.signIn.action")}
        </PlainButton>
      </form>
      <p className={css.foot}>
        <Link to="/reset" className="link">
          {t("accounts.signIn.forgot")}
        </Link>
      </p>
      <p className={css.foot}>
        {t("accounts.signIn.noAccount")}{" "}
        <Link to="/sign-up" className="link">
          {t("accounts.signUp.action")}
        </Link>
      </p>
    </section>
  );
}

/** A wrong password is no fault to report: no request id, the server's own words. */
function SignInFailure({ error }: { error: Error }) {
  const { t } = useTranslation();
  if (error instanceof ApiFailure && error.status === 401) {
    return (
      <p role="alert" style={{ color: "var(--bad)" }}>
        {t("accounts.signIn.wrong")}
      </p>
    );
  }
  if (error instanceof ApiFailure && error.status === 429) {
    const minutes = Math.max(1, Math.ceil((error.retryAfterSeconds ?? 60) / 60));
    return (
      <p role="alert" style={{ color: "var(--bad)" }}>
        {t("accounts.signIn.slowDown", { count: minutes })}
      </p>
    );
  }
  return <FailureNote error={error} />;
}
