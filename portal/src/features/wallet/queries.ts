import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";

export const walletQuery = queryOptions({
  queryKey: ["wallet"],
  queryFn: async ({ signal }) => (await take(api.GET("/portal/wallet", { signal }))).wallet,
});

export const transactionsQuery = infiniteQueryOptions({
  queryKey: ["transactions"],
  queryFn: ({ pageParam, signal }) =>
    take(
      api.GET("/portal/wallet/transactions", {
        params: { query: { limit: 50, cursor: pageParam } },
        signal,
      }),
    ),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});
