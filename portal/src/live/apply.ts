import {
  type InfiniteData,
  notifyManager,
  type QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import type { Conversation, Message, MessageDetail, Wallet } from "~/api/types";
import { settle } from "~/features/compose/outbox";
import type { MessageQuery } from "~/features/sms/filters";
import { later, type MessagePages, merge } from "~/features/sms/merge";
import { keepRecent } from "~/features/sms/recent";
import type { LiveEvent } from "./stream";
import { throttle } from "./throttle";

/** Figures are sums: they are asked for again, but not for every message. */
const FIGURES_EVERY_MS = 1_500;

const ARRIVALS_MAX = 1_000;

interface SmsNews {
  at: string;
  message: Message;
}

/** Carries events into the query cache: rows change in place, nothing is loaded again. */
export function applier(cache: QueryClient) {
  const refreshFigures = throttle(() => {
    void cache.invalidateQueries({ queryKey: ["stats"] });
    void cache.invalidateQueries({ queryKey: ["reports"] });
    void cache.invalidateQueries({ queryKey: ["transactions"] });
    void cache.invalidateQueries({ queryKey: ["papers"] });
  }, FIGURES_EVERY_MS);
  const refreshNumbers = throttle(() => {
    void cache.invalidateQueries({ queryKey: ["numbers"] });
  }, FIGURES_EVERY_MS);
  const refreshUpcoming = throttle(() => {
    void cache.invalidateQueries({ queryKey: ["upcoming"] });
  }, FIGURES_EVERY_MS);

  /** Asks again for what the events of these names may have changed. */
  const refresh = (names: ReadonlySet<string>) => {
    const messages = names.has("sms.received") || names.has("sms.status");
    const numbers = names.has("number.status");
    const balance = names.has("wallet.balance");
    if (messages || balance) {
      refreshFigures();
    }
    if (numbers) {
      refreshNumbers();
    }
    // What messages cost is too little, and comes too often, to ask for all charges again.
    if (numbers || (balance && !messages)) {
      refreshUpcoming();
    }
  };

  return (events: readonly LiveEvent[]) => {
    const messages = new Map<number, Message>();
    notifyManager.batch(() => {
      for (const event of events) {
        switch (event.name) {
          case "sms.received":
          case "sms.status": {
            const { message } = event.data as SmsNews;
            messages.set(message.id, message);
            break;
          }
          case "wallet.balance": {
            const { balance } = event.data as Pick<Wallet, "balance">;
            cache.setQueryData<Wallet>(["wallet"], (wallet) => wallet && { ...wallet, balance });
            break;
          }
          case "webhook.status":
            void cache.invalidateQueries({ queryKey: ["webhooks"] });
            break;
        }
      }
      if (messages.size > 0) {
        applyMessages(cache, messages);
      }
      refresh(new Set(events.map(({ name }) => name)));
    });
  };
}

/** Puts the newest state of messages wherever they are shown. */
export function applyMessages(cache: QueryClient, news: ReadonlyMap<number, Message>): void {
  keepRecent(news.values());
  settle(news.values());
  for (const [key, pages] of cache.getQueriesData<MessagePages>({ queryKey: ["messages"] })) {
    if (pages !== undefined) {
      const merged = merge(pages, key[1] as MessageQuery, news);
      if (merged !== pages) {
        cache.setQueryData(key, merged);
        shorten(cache, key, merged);
      }
    }
  }
  for (const message of news.values()) {
    const key = ["message", message.id];
    const known = cache.getQueryData<MessageDetail>(key);
    if (known !== undefined) {
      cache.setQueryData<MessageDetail>(key, { ...known, ...later(known, message) });
      // The timeline and the parts have more than the event says.
      void cache.invalidateQueries({ queryKey: key });
    }
  }
  applyConversations(cache, news);
}

/** A first page that has grown long by arrivals is asked for again at its usual size. */
function shorten(cache: QueryClient, key: QueryKey, pages: MessagePages): void {
  const rows = pages.pages[0]?.messages.length ?? 0;
  if (rows > ARRIVALS_MAX && cache.isFetching({ queryKey: key, exact: true }) === 0) {
    void cache.invalidateQueries({ queryKey: key, exact: true });
  }
}

interface ConversationPage {
  conversations: Conversation[];
  next_cursor?: string | null;
}

function applyConversations(cache: QueryClient, news: ReadonlyMap<number, Message>): void {
  const lists = cache.getQueriesData<InfiniteData<ConversationPage>>({
    queryKey: ["conversations"],
  });
  for (const [key, data] of lists) {
    const first = data?.pages[0];
    if (data === undefined || first === undefined) {
      continue;
    }
    let pages = data.pages;
    for (const message of news.values()) {
      if (key[1] === null || key[1] === message.number_id) {
        pages = withMessage(pages, message);
      }
    }
    cache.setQueryData(key, { ...data, pages });
  }
}

/** Moves a message's conversation to the top, or only renews its last message. */
function withMessage(pages: ConversationPage[], message: Message): ConversationPage[] {
  const other = message.direction === "outbound" ? message.to : message.from;
  const same = (each: Conversation) => each.number_id === message.number_id && each.with === other;
  const known = pages.flatMap((page) => page.conversations).find(same);
  if (known !== undefined && message.id < known.last_message.id) {
    return pages;
  }
  if (known !== undefined && message.id === known.last_message.id) {
    const renewed = { ...known, last_message: later(known.last_message, message) };
    return pages.map((page) => ({
      ...page,
      conversations: page.conversations.map((each) => (each === known ? renewed : each)),
    }));
  }
  const moved: Conversation = {
    number_id: message.number_id,
    with: other,
    messages: (known?.messages ?? 0) + 1,
    last_message: message,
  };
  return pages.map((page, index) => {
    const rest = page.conversations.filter((each) => each !== known);
    return { ...page, conversations: index === 0 ? [moved, ...rest] : rest };
  });
}
