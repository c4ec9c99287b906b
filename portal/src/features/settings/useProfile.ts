import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, take } from "~/api/client";
import type { paths } from "~/api/types";
import { adopt, sessionQuery } from "~/features/accounts/session";

export type ProfileChange =
  paths["/portal/profile"]["patch"]["requestBody"]["content"]["application/json"];

/** Changes the profile; what it says takes effect at once. */
export function useProfile() {
  const cache = useQueryClient();
  return useMutation({
    // One after the other: the last change is also the one that is answered last.
    scope: { id: "profile" },
    mutationFn: (change: ProfileChange) => take(api.PATCH("/portal/profile", { body: change })),
    onSuccess: async ({ session }) => {
      cache.setQueryData(sessionQuery.queryKey, session);
      await adopt(session);
    },
  });
}
