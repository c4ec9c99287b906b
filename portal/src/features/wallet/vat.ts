import type { Money } from "~/api/types";
import { fromMicros, payableDecimals, toMicros } from "~/format/money";

/**
 * The tax on a net amount, rounded half up to what can be paid, as the server does; `rate` in percent with at most two
 * decimals. The server's answer is what counts: this is shown while somebody types.
 */
export function vatOn(net: Money, rate: string): Money {
  const basisPoints = toMicros(rate) / 10_000n;
  const cent = 10n ** BigInt(6 - payableDecimals(net.currency));
  const whole = 10_000n * cent;
  const units = (toMicros(net.amount) * basisPoints + whole / 2n) / whole;
  return { ...net, amount: fromMicros(units * cent) };
}
