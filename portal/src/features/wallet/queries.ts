import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { TransactionsQuery } from "./filters";

export const walletQuery = queryOptions({
  queryKey: ["wallet"],
  queryFn: async ({ signal }) => (await take(api.GET("/portal/wallet", { signal }))).wallet,
});

export const transactionsQuery = (query: TransactionsQuery) =>
  infiniteQueryOptions({
    queryKey: ["transactions", query],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/portal/wallet/transactions", {
          params: { query: { ...query, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const upcomingQuery = queryOptions({
  queryKey: ["upcoming"],
  queryFn: async ({ signal }) =>
    (await take(api.GET("/portal/wallet/upcoming", { signal }))).upcoming,
});

export const papersQuery = infiniteQueryOptions({
  queryKey: ["papers"],
  queryFn: ({ pageParam, signal }) =>
    take(
      api.GET("/portal/wallet/papers", {
        params: { query: { limit: 50, cursor: pageParam } },
        signal,
      }),
    ),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** While it is not decided, a payment is looked at this often. */
const LOOK_MS = 1_500;

export const topUpQuery = (id: number) =>
  queryOptions({
    queryKey: ["topup", id],
    queryFn: async ({ signal }) =>
      (await take(api.GET("/portal/wallet/topups/{id}", { params: { path: { id } }, signal })))
        .topup,
    refetchInterval: (query) => (query.state.data?.status === "pending" ? LOOK_MS : false),
  });
