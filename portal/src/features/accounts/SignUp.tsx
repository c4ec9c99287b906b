import { useMutation } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiFailure, api, take } from "~/api/client";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { PlainButton } from "~/shared/PlainButton";
import { useTitle } from "~/shared/useTitle";
import { rememberDemoLink } from "./demoLink";
import { Field } from "./Field";
import css from "./Frame.module.css";
import { begin } from "./session";

export const PASSWORD_MIN = 10;

export function SignUp() {
  const { t } = useTranslation();
  useTitle(t("accounts.signUp.title"));
  const router = useRouter();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signUp = useMutation({
    mutationFn: () => take(api.POST("/portal/signup", { body: { email: email.trim(), password } })),
    onSuccess: async ({ session, demo_link }) => {
      rememberDemoLink(demo_link);
      await begin(session);
      router.history.push("/start");
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signUp.mutate();
  };
  const taken = signUp.error instanceof ApiFailure && signUp.error.code === "conflict";
  const emailError = taken ? t("accounts.signUp.taken") : fieldError(signUp.error, "email");
  const passwordError = fieldError(signUp.error, "password");
  return (
    <section className={css.card}>
      <h1 className={css.title}>{t("accounts.signUp.title")}</h1>
      <p className={css.lead}>{t("accounts.signUp.lead")}</p>
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
          error={emailError}
        />
        <Field
          label={t("accounts.password")}
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
        {signUp.error !== null && !emailError && !passwordError && (
          <FailureNote error={signUp.error} />
        )}
        <PlainButton type="submit" loading={signUp.isPending}>
          {t("accounts.signUp.action")}
        </PlainButton>
      </form>
      <p className={css.foot}>
        {t("accounts.signUp.known")}{" "}
        <Link to="/sign-in" className="link">
          {t("accounts.signIn.action")}
        </Link>
      </p>
    </section>
  );
}
