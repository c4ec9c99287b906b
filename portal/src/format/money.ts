import type { Money } from "~/api/types";

/** A decimal string scaled to whole micro-units, without floating point. */
export function toMicros(amount: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(amount);
  if (match === null) {
    throw new RangeError(`not a decimal amount: ${amount}`);
  }
  const [, sign, whole = "0", fraction = ""] = match;
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return sign === "-" ? -micros : micros;
}

/** The inverse of [`toMicros`], with at least two decimals. */
export function fromMicros(micros: bigint): string {
  const sign = micros < 0n ? "-" : "";
  const digits = (micros < 0n ? -micros : micros).toString().padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${digits.slice(0, -6)}.${fraction}`;
}

export function times(money: Money, count: number): Money {
  return { ...money, amount: fromMicros(toMicros(money.amount) * BigInt(count)) };
}

/** Of no currency, as ISO 4217 has it: what nothing adds up to, and what is not known yet. */
export const NO_CURRENCY = "XXX";

/** Amounts of one currency. */
export function sum(amounts: readonly Money[]): Money {
  const micros = amounts.reduce((total, money) => total + toMicros(money.amount), 0n);
  return { amount: fromMicros(micros), currency: amounts[0]?.currency ?? NO_CURRENCY };
}

/** Formats money; the decimals of its currency, two at most, more only where the amount has them: €10.00, JP¥10, €0.008. */
export function formatMoney(
  money: Money,
  locale: string,
  signDisplay: "auto" | "exceptZero" = "auto",
): string {
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: Math.min(2, ownDecimals(money.currency)),
    maximumFractionDigits: 6,
    signDisplay,
  });
  // Intl takes decimal strings as they are; nothing is rounded on the way.
  return format.format(money.amount as `${number}`);
}

/** Digits after the point that a currency is written with: 2 of euros, none of yen, 3 of dinars. */
function ownDecimals(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().minimumFractionDigits ?? 2;
}

/** What stands for a currency before an amount: €, US$, CHF. */
export function currencySymbol(currency: string, locale: string): string {
  const parts = new Intl.NumberFormat(locale, { style: "currency", currency }).formatToParts(0);
  return parts.find(({ type }) => type === "currency")?.value ?? currency;
}
