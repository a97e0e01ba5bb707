// SPDX-License-Identifier: Apache-2.0
// Is docs/asyncapi.yaml an AsyncAPI document? By the parser of those who make AsyncAPI.
//     node check.mjs FILE
// Errors and warnings of the parser are faults; what it only informs about is not. What the
// document says is printed as JSON, for the check of its words against proto/ and REDIS.md.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const source = readFileSync(process.argv[2], "utf8");
const { document, diagnostics } = await new Parser().parse(source);
const faults = diagnostics.filter(({ severity }) => severity <= 1);
for (const { code, message, path, range } of faults)
  console.error(`line ${range.start.line + 1}: ${path.join(".")}: ${message} (${code})`);
if (!document || faults.length > 0) process.exit(1);
console.log(JSON.stringify({
  version: document.version(),
  channels: document.channels().all().map((channel) => channel.id()),
  operations: document.operations().all().map((operation) => operation.id()),
  messages: document.messages().all().map((message) => message.id()),
}));
