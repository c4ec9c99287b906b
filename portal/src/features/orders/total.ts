import type { Money } from "~/api/types";
import { sum } from "~/format/money";
import type { Item } from "./OrderPage";

/** What an order costs now: a month of each number and of each SMS add-on. */
export function total(items: readonly Item[]): Money {
  const amounts = items.flatMap(({ number, sms }) =>
    sms && number.sms_price ? [number.number_price, number.sms_price] : [number.number_price],
  );
  return sum(amounts);
}
