import type { Message } from "~/api/types";
import type { Pending } from "~/features/compose/outbox";
import { NO_CURRENCY } from "~/format/money";

/** A message as it will look once the API has taken it; its id is none of the API's. */
export function standIn(pending: Pending, currency = NO_CURRENCY): Message {
  return {
    id: -Date.parse(pending.created_at),
    direction: "outbound",
    from: pending.from,
    to: pending.to,
    number_id: pending.number_id,
    body: pending.body,
    status: "queued",
    segments: pending.segments,
    encoding: pending.encoding,
    price: pending.price ?? { amount: "0.00", currency },
    carrier: "didfarm",
    created_at: pending.created_at,
  };
}
