import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { WebhookDelivery } from "~/api/types";

/** What a webhook can be told of, as the API names it. */
export const EVENTS = [
  "sms.received",
  "sms.sent",
  "sms.delivered",
  "sms.failed",
  "number.status",
  "wallet.low_balance",
  "wallet.recharge_failed",
] as const;

export type EventName = (typeof EVENTS)[number];

/** Those that tell of a message: a messaging profile has no others. */
export const MESSAGE_EVENTS = EVENTS.filter((event) => event.startsWith("sms."));

/** While something is under way, its end is looked for this often; otherwise now and then. */
const LOOK_OFTEN_MS = 1_000;
const LOOK_MS = 10_000;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  // An account has fewer than one page of them.
  queryFn: async ({ signal }) =>
    (await take(api.GET("/portal/webhooks", { params: { query: { limit: 200 } }, signal })))
      .webhooks,
});

export const deliveriesQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: ["webhook-deliveries", id],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/portal/webhooks/{id}/deliveries", {
          params: { path: { id }, query: { limit: 20, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) => {
      const first = query.state.data?.pages[0]?.deliveries ?? [];
      return first.some(isUnderWay) ? LOOK_OFTEN_MS : LOOK_MS;
    },
  });

function isUnderWay({ status, next_attempt_at: next }: WebhookDelivery): boolean {
  return status === "pending" && next != null && Date.parse(next) < Date.now() + 60_000;
}
