import type { Session } from "~/api/types";

/** Where Mantine keeps the choice between light and dark. */
const KEY = "mantine-color-scheme-value";

/** Takes over the theme of a profile. */
export function adoptTheme(theme: Session["theme"]): void {
  localStorage.setItem(KEY, theme === "system" ? "auto" : theme);
  applyScheme();
}

/** Turns the page light or dark before Mantine is loaded, which then takes over. */
export function applyScheme(): void {
  const chosen = localStorage.getItem(KEY);
  const dark =
    chosen === "dark" ||
    (chosen !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
}
