import { toMicros } from "~/format/money";

/** What a top-up may be, in the account's currency. */
export const LEAST = "1.00";
export const MOST = "10000.00";

/** The amount as the API takes it, with a decimal point or comma; null where it is none or out of range. */
export function parseAmount(typed: string, decimals: number): string | null {
  const match = /^(\d{1,5})(?:[.,](\d{1,3}))?$/.exec(typed.trim());
  if (match === null || (match[2] ?? "").replace(/0+$/, "").length > decimals) {
    return null;
  }
  const amount = `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}`;
  const micros = toMicros(amount);
  return micros < toMicros(LEAST) || micros > toMicros(MOST) ? null : amount;
}

/** Any amount that is not negative, as the API takes it; null where it is none. */
export function plainAmount(typed: string): string | null {
  const match = /^(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(typed.trim());
  return match === null ? null : `${match[1]}.${(match[2] ?? "").padEnd(2, "0")}`;
}
