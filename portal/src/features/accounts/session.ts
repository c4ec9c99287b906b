import { queryOptions, useQuery } from "@tanstack/react-query";
import { ApiFailure, api, take } from "~/api/client";
import type { Session } from "~/api/types";
import { queryClient } from "~/app/queries";
import { adoptTheme } from "~/app/scheme";
import { isLanguage, speak } from "~/i18n";
import { isTimeZone, remember } from "~/shared/preferences";

/** Who is signed in; null is nobody. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const { session } = await take(api.GET("/portal/session", { signal }));
      await adopt(session);
      return session;
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 401) {
        return null;
      }
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** The session inside the signed-in part of the portal. */
export function useSession(): Session | null {
  return useQuery(sessionQuery).data ?? null;
}

/** All tabs of a browser have one cookie, so they must agree on who is signed in. */
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("didfarm.session") : null;

/** Starts afresh where another tab signed in to another account. */
export function followTabs(account: number): () => void {
  const hear = ({ data }: MessageEvent<number | null>) => {
    if (data !== account) {
      window.location.reload();
    }
  };
  tabs?.addEventListener("message", hear);
  return () => tabs?.removeEventListener("message", hear);
}

/** Begins a session in this tab: nothing of an earlier one may remain. */
export async function begin(session: Session): Promise<void> {
  tabs?.postMessage(session.account_id ?? null);
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, session);
  await adopt(session);
}

/** Takes over what the profile says about theme, language and time zone. */
export async function adopt(session: Session): Promise<void> {
  adoptTheme(session.theme);
  if (session.time_zone && isTimeZone(session.time_zone)) {
    remember({ timeZone: session.time_zone });
  }
  if (isLanguage(session.language)) {
    remember({ language: session.language });
    await speak(session.language);
  }
}

export async function signOut(): Promise<void> {
  await take(api.DELETE("/portal/session"));
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, null);
}
