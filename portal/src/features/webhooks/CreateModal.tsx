import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import { ProfileSelect } from "~/features/messaging-profiles/ProfileSelect";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { EventChoice } from "./EventChoice";
import { type EventName, MESSAGE_EVENTS, webhooksQuery } from "./queries";
import { Secret } from "./Secret";
import css from "./Webhooks.module.css";

/** Asks where to and what of, then shows the secret this once. */
export function CreateModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<EventName[]>(["sms.received"]);
  const [profile, setProfile] = useState<number | null>(null);
  const wanted =
    profile === null ? events : events.filter((event) => MESSAGE_EVENTS.includes(event));
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/webhooks", {
          // A corrected URL is another request.
          headers: { "Idempotency-Key": idempotencyKey() },
          body: { url: url.trim(), events: wanted, messaging_profile_id: profile },
        }),
      ),
    onSuccess: () => cache.invalidateQueries({ queryKey: webhooksQuery.queryKey }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const secret = create.data?.webhook.secret;
  const badUrl = fieldError(create.error, "url");
  const badEvents = fieldError(create.error, "events");
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? t("webhooks.secret.title") : t("webhooks.create")}
      closeOnClickOutside={!secret}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {secret ? (
        <Secret secret={secret} onDone={onClose} />
      ) : (
        <form className={css.form} onSubmit={submit}>
          <TextInput
            label={t("webhooks.url")}
            description={t("webhooks.urlHelp")}
            placeholder="https://example.com/hooks/sms"
            required
            withAsterisk={false}
            maxLength={2048}
            dir="ltr"
            data-autofocus
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            error={badUrl}
          />
          <ProfileSelect
            label={t("profiles.one")}
            description={t("webhooks.profileHelp")}
            none={t("webhooks.allNumbers")}
            chosen={profile}
            onChange={setProfile}
          />
          <EventChoice
            chosen={wanted}
            events={profile === null ? undefined : MESSAGE_EVENTS}
            onChange={setEvents}
            error={badEvents ?? undefined}
          />
          {create.error !== null && !badUrl && !badEvents && <FailureNote error={create.error} />}
          <Button type="submit" loading={create.isPending} disabled={wanted.length === 0}>
            {t("webhooks.create")}
          </Button>
        </form>
      )}
    </Modal>
  );
}
