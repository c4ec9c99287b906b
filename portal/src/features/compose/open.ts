import { useSyncExternalStore } from "react";

/** What Compose begins with. */
export interface Draft {
  from?: number;
  to?: string;
  body?: string;
}

let open: Draft | null = null;
const listeners = new Set<() => void>();

function set(draft: Draft | null): void {
  open = draft;
  for (const listener of listeners) {
    listener();
  }
}

export function openCompose(draft: Draft = {}): void {
  set(draft);
}

export function closeCompose(): void {
  set(null);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraft(): Draft | null {
  return useSyncExternalStore(subscribe, () => open);
}
