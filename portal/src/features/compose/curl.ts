/** The same message as a command; single quotes cannot end the shell's. */
export function curl(origin: string, from: number, to: string, body: string): string {
  const json = JSON.stringify({ from_number_id: from, to, body }, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -X POST ${origin}/api/v1/portal/sms/send \\`,
    '  -H "Authorization: Bearer YOUR_API_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '${json}'`,
  ].join("\n");
}
