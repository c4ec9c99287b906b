import { useSyncExternalStore } from "react";
import type { Encoding, Message, Money } from "~/api/types";

/** A message that is on its way to the API and shown already. */
export interface Pending {
  /** Its Idempotency-Key. */
  key: string;
  number_id: number;
  from: string;
  to: string;
  body: string;
  segments: number;
  encoding: Encoding;
  price: Money | null;
  created_at: string;
}

let pending: readonly Pending[] = [];
const listeners = new Set<() => void>();

function set(next: readonly Pending[]): void {
  if (next.length !== pending.length) {
    pending = next;
    for (const listener of listeners) {
      listener();
    }
  }
}

export function post(message: Pending): void {
  set([message, ...pending]);
}

export function withdraw(key: string): void {
  set(pending.filter((each) => each.key !== key));
}

/** Events may overtake the answer to a send: the real message takes the place of its stand-in. */
export function settle(messages: Iterable<Message>): void {
  for (const message of messages) {
    if (message.direction === "outbound" && pending.length > 0) {
      const stand = pending.findLast(
        (each) =>
          each.number_id === message.number_id &&
          each.to === message.to &&
          each.body === message.body &&
          Date.parse(message.created_at) >= Date.parse(each.created_at) - CLOCKS_DIFFER_MS,
      );
      if (stand !== undefined) {
        withdraw(stand.key);
      }
    }
  }
}

const CLOCKS_DIFFER_MS = 5_000;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePending(): readonly Pending[] {
  return useSyncExternalStore(subscribe, () => pending);
}
