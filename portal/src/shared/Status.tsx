import type { MessageStatus, NumberStatus, Webhook, WebhookDelivery } from "~/api/types";
import { useTranslation } from "~/i18n";
import css from "./Status.module.css";

type Tone = "good" | "bad" | "wait" | "busy" | "calm";

/** A coloured dot and the word itself: colour never speaks alone. */
export function Dot({ tone, word }: { tone: Tone; word: string }) {
  return (
    <span className={css.status} data-tone={tone}>
      {word}
    </span>
  );
}

export function MessageStatusMark({ status }: { status: MessageStatus }) {
  const { t } = useTranslation();
  return <Dot tone={messageTone(status)} word={t(`status.${status}`)} />;
}

export function NumberStatusMark({ status }: { status: NumberStatus }) {
  const { t } = useTranslation();
  return <Dot tone={numberTone(status)} word={t(`numbers.status.${status}`)} />;
}

export function WebhookStatusMark({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  if (webhook.status === "disabled") {
    return <Dot tone="calm" word={t("webhooks.status.disabled")} />;
  }
  return webhook.failing_since == null ? (
    <Dot tone="good" word={t("webhooks.status.enabled")} />
  ) : (
    <Dot tone="bad" word={t("webhooks.status.failing")} />
  );
}

/** The status of an HTTP answer. */
export function AnswerMark({ status }: { status: number }) {
  return <Dot tone={status < 400 ? "good" : "bad"} word={String(status)} />;
}

export function DeliveryStatusMark({ status }: { status: WebhookDelivery["status"] }) {
  const { t } = useTranslation();
  return <Dot tone={deliveryTone(status)} word={t(`webhooks.deliveries.status.${status}`)} />;
}

function deliveryTone(status: WebhookDelivery["status"]): Tone {
  switch (status) {
    case "pending":
      return "wait";
    case "delivered":
      return "good";
    case "failed":
      return "bad";
  }
}

export function messageTone(status: MessageStatus): Tone {
  switch (status) {
    case "queued":
    case "sending":
      return "busy";
    case "sent":
      return "wait";
    case "delivered":
      return "good";
    case "failed":
      return "bad";
    case "received":
      return "calm";
  }
}

function numberTone(status: NumberStatus): Tone {
  switch (status) {
    case "active":
      return "good";
    case "provisioning":
    case "pending_verification":
      return "wait";
    case "suspended":
      return "bad";
    case "released":
      return "calm";
  }
}
