import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiFailure } from "~/api/client";
import type { MessageQuery } from "~/features/sms/filters";
import type { MessagePages } from "~/features/sms/merge";
import { refreshAll } from "~/features/sms/recent";

/** Tries again what may succeed: no answer, or a server that says "later". */
function worthRetrying(failures: number, error: Error): boolean {
  return (
    failures < 2 && error instanceof ApiFailure && (error.code === "network" || error.status >= 500)
  );
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      const signedOut = error instanceof ApiFailure && error.status === 401;
      if (signedOut && query.queryKey[0] !== "session") {
        queryClient.setQueryData(["session"], null);
      }
    },
    onSuccess(_, { queryKey }) {
      if (queryKey[0] === "messages") {
        const query = queryKey[1] as MessageQuery;
        queryClient.setQueryData<MessagePages>(
          queryKey,
          (pages) => pages && refreshAll(pages, query),
        );
      }
    },
  }),
  defaultOptions: {
    queries: {
      retry: worthRetrying,
      retryDelay: (attempt) => Math.min(300 * 2 ** attempt, 3_000),
      // The event stream tells what changes.
      staleTime: 60_000,
      refetchOnWindowFocus: false,
    },
  },
});
