import { Button, Checkbox, Switch, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { MessagingProfile, NewMessagingProfile } from "~/api/types";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { wordsOf } from "./health";
import css from "./Profiles.module.css";

interface Props {
  /** What is changed; a new one without it. */
  profile?: MessagingProfile;
  action: string;
  isPending: boolean;
  error: Error | null;
  onSubmit: (wanted: NewMessagingProfile & { name: string }) => void;
  /** Beside the button. */
  aside?: ReactNode;
}

/** What can be set of a messaging profile. */
export function ProfileForm({ profile, action, isPending, error, onSubmit, aside }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState(profile?.name ?? "");
  const [standard, setStandard] = useState(profile?.opt_out_words.standard ?? true);
  const [stop, setStop] = useState(profile?.opt_out_words.stop.join(", ") ?? "");
  const [start, setStart] = useState(profile?.opt_out_words.start.join(", ") ?? "");
  const [fallback, setFallback] = useState(profile?.sender_fallback ?? false);
  const badName = fieldError(error, "name");
  const badStop = fieldError(error, "opt_out_words.stop");
  const badStart = fieldError(error, "opt_out_words.start");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit({
      name: name.trim(),
      opt_out_words: { standard, stop: wordsOf(stop), start: wordsOf(start) },
      sender_fallback: fallback,
    });
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextInput
        label={t("profiles.name")}
        required
        withAsterisk={false}
        maxLength={100}
        dir="auto"
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={badName}
      />
      <fieldset className={css.words}>
        <legend>{t("profiles.words.title")}</legend>
        <Checkbox
          label={t("profiles.words.standard")}
          description={t("profiles.words.standardHelp")}
          checked={standard}
          onChange={(event) => setStandard(event.currentTarget.checked)}
        />
        <TextInput
          label={t("profiles.words.stop")}
          description={t("profiles.words.help")}
          placeholder="AFMELDEN"
          dir="auto"
          value={stop}
          onChange={(event) => setStop(event.currentTarget.value)}
          error={badStop}
        />
        <TextInput
          label={t("profiles.words.start")}
          placeholder="AANMELDEN"
          dir="auto"
          value={start}
          onChange={(event) => setStart(event.currentTarget.value)}
          error={badStart}
        />
      </fieldset>
      <Switch
        label={t("profiles.fallback")}
        description={t("profiles.fallbackHelp")}
        checked={fallback}
        onChange={(event) => setFallback(event.currentTarget.checked)}
      />
      {error !== null && !badName && !badStop && !badStart && <FailureNote error={error} />}
      <div className={`${css.actions} ${aside ? css.apart : ""}`}>
        {aside}
        <Button type="submit" loading={isPending} disabled={name.trim() === ""}>
          {action}
        </Button>
      </div>
    </form>
  );
}
