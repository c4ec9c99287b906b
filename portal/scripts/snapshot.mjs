// Fetches the OpenAPI document of a running server into openapi.json.
//   npm run snapshot [-- http://127.0.0.1:8181]
import { writeFile } from "node:fs/promises";

const base = process.argv[2] ?? "http://127.0.0.1:8181";
const answer = await fetch(`${base}/api/v1/openapi.json`);
if (!answer.ok) {
  throw new Error(`${base} answered ${answer.status}`);
}
const document = await answer.json();
await writeFile(
  new URL("../openapi.json", import.meta.url),
  `${JSON.stringify(document, null, 1)}\n`,
);
console.log(`openapi.json has ${Object.keys(document.paths).length} paths`);
