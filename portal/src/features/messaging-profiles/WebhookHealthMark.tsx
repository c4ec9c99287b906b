import type { MessagingProfile } from "~/api/types";
import { useTranslation } from "~/i18n";
import { Dot } from "~/shared/Status";
import { type WebhookHealth, webhookHealth } from "./health";

/** How the webhooks fare that a profile's inbound texts are pushed to. */
export function WebhookHealthMark({ profile }: { profile: MessagingProfile }) {
  const { t } = useTranslation();
  const health = webhookHealth(profile);
  return <Dot tone={tone(health)} word={t(`profiles.webhooks.${health}`)} />;
}

function tone(health: WebhookHealth) {
  switch (health) {
    case "healthy":
      return "good";
    case "failing":
      return "bad";
    case "disabled":
    case "none":
      return "calm";
  }
}
