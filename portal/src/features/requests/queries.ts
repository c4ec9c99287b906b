import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";

/** How the list may be narrowed; in the URL. */
export interface RequestFilters {
  /** All of a kind, as the API names it. */
  status?: (typeof KINDS)[number] | undefined;
  /** Part of the path. */
  path?: string | undefined;
}

export const KINDS = ["2xx", "4xx", "5xx"] as const;

/** Somebody who looks at the log watches a program at work. */
const LOOK_MS = 3_000;

export const requestsQuery = (filters: RequestFilters) =>
  infiniteQueryOptions({
    queryKey: ["requests", filters],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/portal/requests", {
          params: { query: { ...filters, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // Later pages do not change: with several of them open, nothing is asked for anew.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : LOOK_MS),
  });

export const requestQuery = (id: number) =>
  queryOptions({
    queryKey: ["request", id],
    queryFn: async ({ signal }) =>
      (await take(api.GET("/portal/requests/{id}", { params: { path: { id } }, signal }))).request,
    staleTime: Number.POSITIVE_INFINITY,
  });
