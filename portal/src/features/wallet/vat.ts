import type { Money } from "~/api/types";
import { fromMicros, toMicros } from "~/format/money";

/** A cent; what is paid is rounded to it. */
const CENT = 10_000n;

/**
 * The tax on a net amount, rounded half up as the server does; `rate` in percent with at most two
 * decimals. The server's answer is what counts: this is shown while somebody types.
 */
export function vatOn(net: Money, rate: string): Money {
  const basisPoints = toMicros(rate) / 10_000n;
  const whole = 10_000n * CENT;
  const units = (toMicros(net.amount) * basisPoints + whole / 2n) / whole;
  return { ...net, amount: fromMicros(units * CENT) };
}
