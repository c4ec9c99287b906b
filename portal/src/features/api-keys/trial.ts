/** A harmless command that shows that a key works. */
export function trial(origin: string, secret: string): string {
  return [
    `curl ${origin}/api/v1/portal/sms/numbers \\`,
    `  -H "Authorization: Bearer ${secret}"`,
  ].join("\n");
}
