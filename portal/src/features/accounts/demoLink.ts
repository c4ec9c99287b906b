const KEY = "didfarm.demoLink";

/** A demo sends no mail: the link that would be in it is kept for this tab. */
export function rememberDemoLink(link: string | null | undefined): void {
  if (link) {
    sessionStorage.setItem(KEY, link);
  }
}

export function demoLink(): string | null {
  return sessionStorage.getItem(KEY);
}

export function forgetDemoLink(): void {
  sessionStorage.removeItem(KEY);
}

/** The path of a link to this portal, to be followed without leaving the page. */
export function localPath(link: string): string {
  const url = new URL(link, window.location.href);
  return url.pathname + url.search;
}
