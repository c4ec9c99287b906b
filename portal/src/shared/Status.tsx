import { useTranslation } from "react-i18next";
import type { MessageStatus, NumberStatus } from "~/api/types";
import css from "./Status.module.css";

type Tone = "good" | "bad" | "wait" | "busy" | "calm";

/** A coloured dot and the word itself: colour never speaks alone. */
function Dot({ tone, word }: { tone: Tone; word: string }) {
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
