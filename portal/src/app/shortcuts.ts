import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { openCompose } from "~/features/compose/open";

/** Whether a key belongs to what the user is typing or to an open dialog. */
export function isBusy(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.isComposing ||
    document.querySelector('[role="dialog"]') !== null ||
    (target instanceof HTMLElement &&
      (target.isContentEditable || target.matches("input, textarea, select, [role=listbox] *")))
  );
}

export const SEARCH_ID = "message-search";

/** The keys that work on every page. */
export function useShortcuts(help: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isBusy(event)) {
        return;
      }
      if (event.key === "c") {
        event.preventDefault();
        openCompose();
      } else if (event.key === "?") {
        event.preventDefault();
        help();
      } else if (event.key === "/") {
        event.preventDefault();
        const search = document.getElementById(SEARCH_ID);
        if (search === null) {
          void navigate({ to: "/sms" }).then(() => document.getElementById(SEARCH_ID)?.focus());
        } else {
          search.focus();
        }
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate, help]);
}
