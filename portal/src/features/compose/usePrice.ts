import { useQuery } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { Money } from "~/api/types";
import { times } from "~/format/money";

/**
 * The price of a message of so many segments. One quote per destination gives the
 * price of a segment; counting them needs no server.
 */
export function usePrice(from: number | undefined, to: string | undefined) {
  const quote = useQuery({
    queryKey: ["quote", from ?? 0, to ?? ""],
    queryFn: async ({ signal }) => {
      const body = { from_number_id: from ?? 0, to: to ?? "", body: "x" };
      return (await take(api.POST("/portal/sms/quote", { body, signal }))).quote;
    },
    enabled: from !== undefined && to !== undefined,
    staleTime: 5 * 60_000,
    retry: false,
  });
  const unit = quote.data?.price ?? null;
  return {
    of: (segments: number): Money | null => (unit === null ? null : times(unit, segments)),
    error: quote.error,
  };
}
