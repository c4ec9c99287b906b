import { useSyncExternalStore } from "react";
import { browserLanguage, isLanguage, type Language } from "~/i18n";

/** What this browser remembers; a signed-in profile overrides it. */
interface Preferences {
  language: Language | null;
  timeZone: string | null;
}

const KEY = "didfarm.preferences";
const listeners = new Set<() => void>();
let current = load();

function load(): Preferences {
  const none = { language: null, timeZone: null };
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof stored !== "object" || stored === null) {
      return none;
    }
    const { language, timeZone } = stored as Record<string, unknown>;
    return {
      language: typeof language === "string" && isLanguage(language) ? language : null,
      timeZone: typeof timeZone === "string" && isTimeZone(timeZone) ? timeZone : null,
    };
  } catch {
    return none;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export function remember(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that stores nothing still works until it is closed.
  }
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function preferredLanguage(): Language {
  return current.language ?? browserLanguage();
}

/** The chosen time zone; undefined means the browser's own. */
export function useTimeZone(): string | undefined {
  return useSyncExternalStore(subscribe, () => current.timeZone ?? undefined);
}

export function timeZone(): string | undefined {
  return current.timeZone ?? undefined;
}
