import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { MessageQuery } from "./filters";
import { refresh } from "./recent";

const PAGE = 50;

/** Messages under a query, newest first. */
export const messagesQuery = (query: MessageQuery) =>
  infiniteQueryOptions({
    queryKey: ["messages", query],
    queryFn: async ({ pageParam, signal }) => {
      const page = await take(
        api.GET("/portal/sms", {
          params: { query: { ...query, limit: PAGE, cursor: pageParam } },
          signal,
        }),
      );
      return refresh(page, query, pageParam === undefined);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const messageQuery = (id: number) =>
  queryOptions({
    queryKey: ["message", id],
    queryFn: async ({ signal }) =>
      (await take(api.GET("/portal/sms/{id}", { params: { path: { id } }, signal }))).message,
  });

export const statsQuery = (number?: number) =>
  queryOptions({
    queryKey: ["stats", number ?? null],
    queryFn: async ({ signal }) =>
      (
        await take(
          api.GET("/portal/sms/stats", { params: { query: { number_id: number } }, signal }),
        )
      ).stats,
  });

export const conversationsQuery = (number?: number) =>
  infiniteQueryOptions({
    queryKey: ["conversations", number ?? null],
    queryFn: ({ pageParam, signal }) =>
      take(
        api.GET("/portal/conversations", {
          params: { query: { number_id: number, limit: PAGE, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
