import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { NumberType } from "~/api/types";

export const coverageQuery = queryOptions({
  queryKey: ["coverage"],
  queryFn: async ({ signal }) => (await take(api.GET("/portal/coverage", { signal }))).countries,
  staleTime: 10 * 60_000,
});

export interface Wanted {
  country?: string;
  type?: NumberType;
  contains?: string;
}

export const availableQuery = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["available", wanted],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/portal/numbers/available", {
          params: { query: { ...wanted, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // Others order as well.
    staleTime: 5_000,
  });

export const NUMBER_TYPES = [
  "mobile",
  "local",
  "toll_free",
] as const satisfies readonly NumberType[];
