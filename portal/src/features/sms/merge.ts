import type { InfiniteData } from "@tanstack/react-query";
import type { Message, MessageStatus } from "~/api/types";
import { type MessageQuery, matches } from "./filters";

export interface MessagePage {
  messages: Message[];
  next_cursor?: string | null;
}

export type MessagePages = InfiniteData<MessagePage, string | undefined>;

/** How far a message has come; nothing leaves the last stage. */
function stage(status: MessageStatus): number {
  switch (status) {
    case "queued":
      return 0;
    case "sending":
      return 1;
    case "sent":
      return 2;
    case "delivered":
    case "failed":
    case "received":
      return 3;
  }
}

/**
 * The later of two states of one message. Events and answers overtake one another; the only way back
 * is `sending → queued`, when no carrier took it: then it says why, as the answer to a send does not.
 */
export function later(known: Message, news: Message): Message {
  const back =
    known.status === "sending" && news.status === "queued" && (news.status_detail ?? "") !== "";
  return back || stage(news.status) >= stage(known.status) ? news : known;
}

/**
 * Puts news into a loaded list: known rows change in place, new ones are sorted in,
 * newest first, and those that no longer match the query leave.
 *
 * Gives the same object back where nothing changed.
 */
export function merge(
  pages: MessagePages,
  query: MessageQuery,
  news: ReadonlyMap<number, Message>,
): MessagePages {
  const unplaced = new Map(news);
  let changed = false;
  const merged = pages.pages.map((page) => {
    const messages: Message[] = [];
    let touched = false;
    for (const message of page.messages) {
      const update = unplaced.get(message.id);
      unplaced.delete(message.id);
      const current = update === undefined ? message : later(message, update);
      if (current === message) {
        messages.push(message);
        continue;
      }
      touched = true;
      if (matches(query, current)) {
        messages.push(current);
      }
    }
    changed ||= touched;
    return touched ? { ...page, messages } : page;
  });
  for (const message of unplaced.values()) {
    if (matches(query, message) && place(merged, message)) {
      changed = true;
    }
  }
  return changed ? { ...pages, pages: merged } : pages;
}

/** Sorts a message into the page whose range has it; older ones come with their page. */
function place(pages: MessagePage[], message: Message): boolean {
  const index = pages.findIndex((page) => {
    const oldest = page.messages.at(-1);
    const last = !page.next_cursor;
    return last || (oldest !== undefined && oldest.id < message.id);
  });
  const page = pages[index];
  if (page === undefined) {
    return false;
  }
  const before = page.messages.findIndex((known) => known.id < message.id);
  const at = before < 0 ? page.messages.length : before;
  pages[index] = { ...page, messages: page.messages.toSpliced(at, 0, message) };
  return true;
}
