import { queryOptions } from "@tanstack/react-query";
import { api, take } from "~/api/client";

/** The account's messaging profiles, the default one first. */
export const profilesQuery = queryOptions({
  queryKey: ["messaging-profiles"],
  // An account has fewer than one page of them.
  queryFn: async ({ signal }) => {
    const query = { limit: 200 };
    const answer = await take(api.GET("/portal/messaging-profiles", { params: { query }, signal }));
    return answer.messaging_profiles.reverse();
  },
});
