import { Button, Drawer, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import type { Webhook } from "~/api/types";
import { ProfileSelect } from "~/features/messaging-profiles/ProfileSelect";
import { profilesQuery } from "~/features/messaging-profiles/queries";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { WebhookStatusMark } from "~/shared/Status";
import { When } from "~/shared/When";
import { Deliveries } from "./Deliveries";
import { deliveriesQuery, MESSAGE_EVENTS, webhooksQuery } from "./queries";
import { Secret } from "./Secret";
import css from "./Webhooks.module.css";

interface Props {
  webhook: Webhook | undefined;
  onClose: () => void;
}

/** One webhook: its state, what can be done with it, and what was pushed to it. */
export function WebhookDrawer({ webhook, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={webhook !== undefined}
      onClose={onClose}
      size={560}
      title={t("webhooks.title")}
      classNames={{ title: css.title }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {webhook && <Details key={webhook.id} webhook={webhook} onClose={onClose} />}
    </Drawer>
  );
}

function Details({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  return (
    <div className={css.sections}>
      <p className={css.url}>
        <bdi dir="ltr">{webhook.url}</bdi>
      </p>
      <p className={css.events}>
        <WebhookStatusMark webhook={webhook} />
        {webhook.events.map((event) => (
          <code key={event}>{event}</code>
        ))}
      </p>
      <Trouble webhook={webhook} />
      <ProfileChoice webhook={webhook} />
      <Actions webhook={webhook} onDeleted={onClose} />
      <Deliveries webhook={webhook} />
    </div>
  );
}

/** Whose messages it is told of. */
function ProfileChoice({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: (profile: number | null) => {
      const kept = MESSAGE_EVENTS.filter((event) => webhook.events.includes(event));
      const events = kept.length > 0 ? kept : MESSAGE_EVENTS;
      return take(
        api.PATCH("/portal/webhooks/{id}", {
          params: { path: { id: webhook.id } },
          // A profile has messages, and no wallet.
          body: { messaging_profile_id: profile, ...(profile === null ? {} : { events }) },
        }),
      );
    },
    onSuccess: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: webhooksQuery.queryKey }),
        cache.invalidateQueries({ queryKey: profilesQuery.queryKey }),
      ]),
  });
  return (
    <div>
      <ProfileSelect
        label={t("profiles.one")}
        description={t("webhooks.profileHelp")}
        none={t("webhooks.allNumbers")}
        chosen={webhook.messaging_profile_id ?? null}
        disabled={change.isPending}
        onChange={change.mutate}
      />
      {change.error !== null && <FailureNote error={change.error} />}
    </div>
  );
}

/** Why nothing arrives, where that is so. */
function Trouble({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  if (webhook.status === "disabled") {
    const gone = webhook.disabled_reason === "gone";
    const failing = webhook.disabled_reason === "failing";
    if (!gone && !failing) {
      return null;
    }
    return <p className={css.notice}>{gone ? t("webhooks.gone") : t("webhooks.gaveUp")}</p>;
  }
  if (webhook.failing_since == null) {
    return null;
  }
  return (
    <p className={css.notice}>
      {t("webhooks.failingSince")} <When at={webhook.failing_since} />
    </p>
  );
}

function Actions({ webhook, onDeleted }: { webhook: Webhook; onDeleted: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [asking, setAsking] = useState<"rotate" | "delete" | null>(null);
  const path = { id: webhook.id };
  const refresh = () => cache.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  const refreshDeliveries = () =>
    cache.invalidateQueries({ queryKey: deliveriesQuery(webhook.id).queryKey });
  const test = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/webhooks/{id}/test", {
          params: { path },
          headers: { "Idempotency-Key": idempotencyKey() },
        }),
      ),
    onSuccess: refreshDeliveries,
  });
  const switchTo = useMutation({
    mutationFn: (status: "enabled" | "disabled") =>
      take(api.PATCH("/portal/webhooks/{id}", { params: { path }, body: { status } })),
    onSuccess: () => Promise.all([refresh(), refreshDeliveries()]),
  });
  const enabled = webhook.status === "enabled";
  const error = test.error ?? switchTo.error;
  return (
    <>
      <div className={css.actions}>
        {enabled && (
          <Button size="xs" loading={test.isPending} onClick={() => test.mutate()}>
            {t("webhooks.test")}
          </Button>
        )}
        <Button
          size="xs"
          variant={enabled ? "default" : "filled"}
          loading={switchTo.isPending}
          onClick={() => switchTo.mutate(enabled ? "disabled" : "enabled")}
        >
          {enabled ? t("webhooks.disable") : t("webhooks.enable")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsking("rotate")}>
          {t("webhooks.rotate.action")}
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsking("delete")}>
          {t("webhooks.delete.action")}
        </Button>
      </div>
      {error !== null && <FailureNote error={error} />}
      {asking === "rotate" && <RotateModal webhook={webhook} onClose={() => setAsking(null)} />}
      {asking === "delete" && (
        <DeleteModal webhook={webhook} onClose={() => setAsking(null)} onDeleted={onDeleted} />
      )}
    </>
  );
}

interface AskProps {
  webhook: Webhook;
  onClose: () => void;
}

function RotateModal({ webhook, onClose }: AskProps) {
  const { t } = useTranslation();
  const [key] = useState(idempotencyKey);
  const rotate = useMutation({
    mutationFn: () =>
      take(
        api.POST("/portal/webhooks/{id}/rotate-secret", {
          params: { path: { id: webhook.id } },
          headers: { "Idempotency-Key": key },
        }),
      ),
  });
  const secret = rotate.data?.webhook.secret;
  return (
    <Modal
      opened
      onClose={onClose}
      title={secret ? t("webhooks.secret.title") : t("webhooks.rotate.title")}
      closeOnClickOutside={!secret}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {secret ? (
        <Secret secret={secret} onDone={onClose} />
      ) : (
        <div className={css.form}>
          <p>{t("webhooks.rotate.text")}</p>
          {rotate.error !== null && <FailureNote error={rotate.error} />}
          <div className={`${css.actions} ${css.end}`}>
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button data-autofocus loading={rotate.isPending} onClick={() => rotate.mutate()}>
              {t("webhooks.rotate.action")}
            </Button>
          </div>
        </div>
      )}
    </Modal>
  );
}

function DeleteModal({ webhook, onClose, onDeleted }: AskProps & { onDeleted: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      take(api.DELETE("/portal/webhooks/{id}", { params: { path: { id: webhook.id } } })),
    onSuccess: async () => {
      onDeleted();
      await cache.invalidateQueries({ queryKey: webhooksQuery.queryKey });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("webhooks.delete.title")}
      size="sm"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={css.form}>
        <p>{t("webhooks.delete.text")}</p>
        {remove.error !== null && <FailureNote error={remove.error} />}
        <div className={`${css.actions} ${css.end}`}>
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button color="red.8" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("webhooks.delete.action")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
