import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { paths } from "~/api/types";
import { walletQuery } from "./queries";

type Patch = NonNullable<
  paths["/portal/wallet"]["patch"]["requestBody"]
>["content"]["application/json"];

/** Changes the wallet's settings; the answer is the wallet. */
export function useWalletSettings() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (body: Patch) => (await take(api.PATCH("/portal/wallet", { body }))).wallet,
    onSuccess: (wallet) => cache.setQueryData(walletQuery.queryKey, wallet),
  });
}

export function useForgetCard() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async () => (await take(api.DELETE("/portal/wallet/card"))).wallet,
    onSuccess: (wallet) => cache.setQueryData(walletQuery.queryKey, wallet),
  });
}
