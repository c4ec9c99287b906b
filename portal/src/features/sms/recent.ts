import type { Message } from "~/api/types";
import type { MessageQuery } from "./filters";
import { later, type MessagePage, type MessagePages, merge } from "./merge";

/** What the event stream brought lately: an answer that was under way meanwhile may be older. */
const recent = new Map<number, Message>();
const RECENT_MAX = 2_000;

export function keepRecent(messages: Iterable<Message>): void {
  for (const message of messages) {
    const known = recent.get(message.id);
    recent.delete(message.id);
    recent.set(message.id, known === undefined ? message : later(known, message));
  }
  for (const id of recent.keys()) {
    if (recent.size <= RECENT_MAX) {
      break;
    }
    recent.delete(id);
  }
}

export function forgetRecent(): void {
  recent.clear();
}

/** Brings a page of an answer up to date; only the first page may gain rows. */
export function refresh(page: MessagePage, query: MessageQuery, first: boolean): MessagePage {
  const ids = new Set(page.messages.map(({ id }) => id));
  const news = first ? recent : new Map([...recent].filter(([id]) => ids.has(id)));
  const merged = merge({ pages: [page], pageParams: [undefined] }, query, news);
  return merged.pages[0] ?? page;
}

/**
 * Brings a list up to date after one of its pages came: the pages that were there keep
 * the state that they had when it was asked for.
 */
export function refreshAll(pages: MessagePages, query: MessageQuery): MessagePages {
  return merge(pages, query, recent);
}
