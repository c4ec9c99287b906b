/** Plain query strings: `?number=8&status=failed`, without JSON in them. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== false) {
      params.set(key, value === true ? "1" : String(value));
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
