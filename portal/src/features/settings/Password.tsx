import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiFailure, api, take } from "~/api/client";
import { PASSWORD_MIN } from "~/features/accounts/SignUp";
import { useSession } from "~/features/accounts/session";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { Section } from "./Section";
import css from "./Settings.module.css";

export function Password() {
  const { t } = useTranslation();
  const session = useSession();
  const cache = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => take(api.POST("/portal/password", { body: { current, new: next } })),
    onSuccess: async () => {
      setCurrent("");
      setNext("");
      await cache.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const wrong = change.error instanceof ApiFailure && change.error.param === "current";
  const refused = fieldError(change.error, "new");
  return (
    <Section title={t("accounts.password")}>
      <form className={css.form} onSubmit={submit}>
        <input type="hidden" autoComplete="username" value={session?.email ?? ""} readOnly />
        <PasswordInput
          label={t("settings.currentPassword")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={wrong && t("settings.wrongPassword")}
          visibilityToggleButtonProps={{ "aria-label": t("accounts.showPassword") }}
        />
        <PasswordInput
          label={t("accounts.reset.new")}
          description={t("accounts.passwordRule", { n: PASSWORD_MIN })}
          autoComplete="new-password"
          required
          withAsterisk={false}
          minLength={PASSWORD_MIN}
          maxLength={200}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={refused}
          visibilityToggleButtonProps={{ "aria-label": t("accounts.showPassword") }}
        />
        {change.error !== null && !wrong && !refused && <FailureNote error={change.error} />}
        <Button type="submit" variant="default" loading={change.isPending}>
          {t("settings.changePassword")}
        </Button>
        {change.isSuccess && (
          <p role="status" className={css.saved}>
            {t("settings.passwordChanged")}
          </p>
        )}
      </form>
    </Section>
  );
}
