// Makes src/api/schema.d.ts from openapi.json.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = JSON.parse(await readFile(new URL("../openapi.json", import.meta.url), "utf8"));
// Paths name the operations; ids that occur twice would be merged into one.
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    delete operation.operationId;
  }
}
const types = astToString(await openapiTS(document, { alphabetize: true }));
await writeFile(new URL("../src/api/schema.d.ts", import.meta.url), types);
