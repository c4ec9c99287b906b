import { ApiFailure } from "~/api/client";
import type { Translate } from "~/i18n";
import type en from "~/i18n/locales/en.json";

type Code = keyof typeof en.failure;

export interface Explained {
  /** What happened. */
  title: string;
  /** What to do about it. */
  cure: string | null;
  requestId: string | null;
}

/** The codes of the API that the portal has words for. */
const codes: Record<Code, true> = {
  account_suspended: true,
  conflict: true,
  crash: true,
  daily_cap_reached: true,
  destination_not_allowed: true,
  empty_body: true,
  forbidden: true,
  insufficient_balance: true,
  internal_error: true,
  invalid_destination: true,
  message_too_long: true,
  network: true,
  no_messaging_profile: true,
  no_price: true,
  not_found: true,
  number_not_active: true,
  payment_owed: true,
  rate_limited: true,
  recipient_opted_out: true,
  sms_not_available: true,
  sms_not_enabled: true,
  unavailable: true,
  unexpected: true,
};

/** Puts any failure into words; the API's own sentence where the portal has none. */
export function explain(error: unknown, t: Translate): Explained {
  if (!(error instanceof ApiFailure)) {
    return { title: t("failure.crash.title"), cure: t("failure.crash.cure"), requestId: null };
  }
  if (Object.hasOwn(codes, error.code)) {
    const code = error.code as Code;
    const ours = t(`failure.${code}.title`);
    // Where the API says something more exact than the code does, its sentence is kept.
    const title = ours === "" ? error.message : ours;
    return { title, cure: t(`failure.${code}.cure`) || null, requestId: error.requestId };
  }
  return {
    title: error.message || t("failure.unexpected.title"),
    cure: null,
    requestId: error.requestId,
  };
}

/** What a form shows under one of its fields. */
export function fieldError(error: unknown, param: string): string | undefined {
  return error instanceof ApiFailure && error.param === param ? error.message : undefined;
}
