import type { Money, MyNumber } from "~/api/types";

/** How the next month of a number, or of SMS on it, stands. */
export type Renewal =
  /** Charged then. */
  | { state: "due"; at: string }
  /** Paid until then, and not charged again. */
  | { state: "ends"; at: string }
  /** Owed: off from then on unless the wallet can pay. */
  | { state: "grace"; until: string; owed: Money | null }
  /** Off until it is paid. */
  | { state: "lapsed"; owed: Money | null };

/** Of the number itself; null where it costs nothing. */
export function numberRenewal(number: MyNumber): Renewal | null {
  const owed = number.owed ?? null;
  if (number.grace_until) return { state: "grace", until: number.grace_until, owed };
  if (owed !== null) return { state: "lapsed", owed };
  return paid(number.renews_at, number.paid_until);
}

/** Of SMS on the number; null where no month is paid or owed. */
export function smsRenewal(number: MyNumber): Renewal | null {
  const owed = number.sms_owed ?? null;
  if (number.sms_grace_until) return { state: "grace", until: number.sms_grace_until, owed };
  if (number.sms_lapsed) return { state: "lapsed", owed };
  return paid(number.sms_renews_at, number.sms_paid_until);
}

function paid(
  renewsAt: string | null | undefined,
  paidUntil: string | null | undefined,
): Renewal | null {
  if (renewsAt) return { state: "due", at: renewsAt };
  return paidUntil ? { state: "ends", at: paidUntil } : null;
}

/** Whether a month of the number or of its SMS waits for money. */
export function owes(number: MyNumber): boolean {
  return [numberRenewal(number), smsRenewal(number)].some(
    (renewal) => renewal?.state === "grace" || renewal?.state === "lapsed",
  );
}

/** The first day on which something is charged; null where nothing is. */
export function nextCharge(number: MyNumber): string | null {
  const days = [number.renews_at, number.sms_renews_at].filter((at) => at != null);
  return days.sort()[0] ?? null;
}
