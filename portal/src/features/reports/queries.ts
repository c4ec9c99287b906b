import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { Group } from "./period";

export const reportQuery = (from: string, to: string, group: Group) =>
  queryOptions({
    queryKey: ["reports", from, to, group],
    queryFn: ({ signal }) =>
      take(api.GET("/portal/reports", { params: { query: { from, to, group } }, signal })),
    placeholderData: keepPreviousData,
  });
