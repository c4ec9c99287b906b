import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { curl } from "./curl";

it("a shell reads the body as it was written", () => {
  const body = `It's "5" $HOME \`id\` \\ – ok\nbye`;
  const command = curl("https://didfarm.example", 42, "+447700900123", body);
  // Prints the last argument instead of calling anybody.
  const printed = execFileSync(
    "sh",
    ["-c", `curl() { for last; do :; done; printf %s "$last"; }\n${command}`],
    { encoding: "utf8" },
  );
  expect(JSON.parse(printed)).toEqual({ from_number_id: 42, to: "+447700900123", body });
});
