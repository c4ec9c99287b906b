import { useQuery } from "@tanstack/react-query";
import { walletQuery } from "./queries";

/** The account's currency; undefined until the wallet is known. */
export function useCurrency(): string | undefined {
  return useQuery(walletQuery).data?.balance.currency;
}
