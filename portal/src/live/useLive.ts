import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { sessionQuery } from "~/features/accounts/session";
import { forgetRecent } from "~/features/sms/recent";
import { applier } from "./apply";
import { listen } from "./share";
import type { LinkState, LiveEvent } from "./stream";

/** Events that come within this time are shown together. */
const GATHER_MS = 16;

/** Keeps the query cache in step with the account, and says how the link stands. */
export function useLive(account: number): LinkState {
  const cache = useQueryClient();
  const [link, setLink] = useState<LinkState>("connecting");
  useEffect(() => {
    const apply = applier(cache);
    let gathered: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const events = gathered;
      gathered = [];
      apply(events);
    };
    const stop = listen(account, {
      event(event) {
        gathered.push(event);
        timer ??= setTimeout(flush, GATHER_MS);
      },
      state: setLink,
      stale() {
        forgetRecent();
        void cache.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[0] !== "session",
        });
      },
      ended() {
        cache.setQueryData(sessionQuery.queryKey, null);
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [account, cache]);
  return link;
}
