// Makes src/api/schema.d.ts from openapi.json.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

/** Fields and parameters that hold one of the words that their description lists. */
const WORDED = new Set(["status", "type", "kind", "direction", "encoding", "theme", "role"]);

const document = JSON.parse(await readFile(new URL("../openapi.json", import.meta.url), "utf8"));
const { schemas } = document.components;

for (const schema of Object.values(schemas)) {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    listWords(name, property, property.description);
  }
}
schemas.TimelineEvent.properties.status.enum = schemas.MessageView.properties.status.enum;

// Two answers have the name `Sent` in the document, and only the last one's fields.
if (!schemas.Sent.properties.message) {
  schemas.SentMessage = {
    type: "object",
    required: ["success", "message"],
    properties: {
      success: { type: "boolean" },
      message: { $ref: "#/components/schemas/MessageView" },
    },
  };
  document.paths["/portal/sms/send"].post.responses[201].content["application/json"].schema = {
    $ref: "#/components/schemas/SentMessage",
  };
}

for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    // Paths name the operations; ids that occur twice would be merged into one.
    delete operation.operationId;
    for (const { name, schema, description } of operation.parameters ?? []) {
      listWords(name, schema, description);
    }
  }
}

/** Makes the words of "`queued`, `sent` or `failed`" the only values of a text. */
function listWords(name, schema, description = "") {
  const words = [...description.matchAll(/`([a-z0-9_]+)`/g)].map(([, word]) => word);
  if (WORDED.has(name) && schema.type === "string" && !schema.enum && words.length > 0) {
    schema.enum = words;
  }
}

const types = astToString(await openapiTS(document, { alphabetize: true }));
await writeFile(new URL("../src/api/schema.d.ts", import.meta.url), types);
