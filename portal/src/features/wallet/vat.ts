import type { Money } from "~/api/types";
import { fromMicros, toMicros } from "~/format/money";
import { smallestPayment } from "./amount";

/**
 * The tax on a net amount, rounded half up to the `decimals` that can be paid, as the server does; `rate` in percent
 * with at most two decimals. The server's answer is what counts: this is shown while somebody types.
 */
export function vatOn(net: Money, rate: string, decimals: number): Money {
  const basisPoints = toMicros(rate) / 10_000n;
  const smallest = smallestPayment(decimals);
  const whole = 10_000n * smallest;
  const units = (toMicros(net.amount) * basisPoints + whole / 2n) / whole;
  return { ...net, amount: fromMicros(units * smallest) };
}
