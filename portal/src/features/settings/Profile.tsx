import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSession } from "~/features/accounts/session";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { Section } from "./Section";
import css from "./Settings.module.css";
import { useProfile } from "./useProfile";

export function Profile() {
  const { t } = useTranslation();
  const session = useSession();
  const [name, setName] = useState(session?.name ?? "");
  const profile = useProfile();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    profile.mutate({ name: name.trim() });
  };
  const refused = fieldError(profile.error, "name");
  return (
    <Section title={t("settings.profile")}>
      <form className={css.form} onSubmit={submit}>
        <TextInput
          label={t("settings.name")}
          autoComplete="name"
          value={name}
          maxLength={100}
          onChange={(event) => {
            setName(event.currentTarget.value);
            profile.reset();
          }}
          error={refused}
        />
        <TextInput
          label={t("accounts.email")}
          value={session?.email ?? ""}
          readOnly
          dir="ltr"
          description={session?.verified ? t("settings.verified") : t("settings.unverified")}
        />
        {profile.error !== null && !refused && <FailureNote error={profile.error} />}
        <Button type="submit" loading={profile.isPending}>
          {t("common.save")}
        </Button>
        {profile.isSuccess && (
          <p role="status" className={css.saved}>
            {t("common.saved")}
          </p>
        )}
      </form>
    </Section>
  );
}
