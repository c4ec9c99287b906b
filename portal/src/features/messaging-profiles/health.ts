import type { MessagingProfile } from "~/api/types";

export type WebhookHealth = "healthy" | "failing" | "disabled" | "none";

/** The worst that can be said of the webhooks which a profile's inbound texts are pushed to. */
export function webhookHealth({ health: { webhooks } }: MessagingProfile): WebhookHealth {
  if (webhooks.failing > 0) {
    return "failing";
  }
  if (webhooks.enabled > 0) {
    return "healthy";
  }
  return webhooks.disabled > 0 ? "disabled" : "none";
}

/** Words as they are typed: with commas, or one on each line. */
export function wordsOf(text: string): string[] {
  return text
    .split(/[,،\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
