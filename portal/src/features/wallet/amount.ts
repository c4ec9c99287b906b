import type { TopUpLimits } from "~/api/types";
import { fromMicros, times, toMicros } from "~/format/money";

/** The amount as the API takes it, with a decimal point or comma; null where no top-up can be of it. */
export function parseAmount(typed: string, limits: TopUpLimits): string | null {
  const amount = plainAmount(typed);
  if (amount === null) {
    return null;
  }
  const micros = toMicros(amount);
  const payable =
    micros % smallestPayment(limits.decimals) === 0n &&
    micros >= toMicros(limits.minimum.amount) &&
    micros <= toMicros(limits.maximum.amount);
  return payable ? fromMicros(micros) : null;
}

/** Any amount that is not negative, as the API takes it; null where it is none. */
export function plainAmount(typed: string): string | null {
  const match = /^(\d{1,10})(?:[.,](\d{1,6}))?$/.exec(typed.trim());
  return match === null ? null : `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}`;
}

/** A round amount in the limits' currency, as somebody would type it: so many times the least. */
export function roundAmount(limits: TopUpLimits, count: number): string {
  const { amount } = times(limits.minimum, count);
  return limits.decimals === 0 ? amount.replace(/\.0+$/, "") : amount;
}

/** What payments are multiples of, in micro-units, where so many digits after the point can be paid. */
export function smallestPayment(decimals: number): bigint {
  return 10n ** BigInt(6 - decimals);
}
