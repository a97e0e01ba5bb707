// SPDX-License-Identifier: Apache-2.0
// Follow a tenant's events in Redis: begin with the state, print each event, notice gaps.
//     npm ci; protoc -I proto --include_imports --descriptor_set_out=acd.bin proto/acd/v1/*.proto
//     node follow.mjs HOST:PORT TENANT acd.bin
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient, RESP_TYPES } from "redis";

const [address, tenant, schema] = process.argv.slice(2);
const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(schema)));
const decode = (name, bytes) => fromBinary(types.getMessage(`acd.v1.${name}`), bytes);
const kinds = types.getEnum("acd.v1.EventKind").value;
const late = async () => { await setTimeout(10000); throw new Error("no answer in 10 s"); };
const soon = (promise) => Promise.race([promise, late()]); // Some are never settled.
const complain = (error) => console.error(`${error} - again soon`);
let place = null, why = "START";
function restart({ epoch, sequence }, why) { // Forget all, take the state, read on from there.
  console.log(`STATE ${epoch}-${sequence} ${why}`);
  return [epoch, sequence];
}
function take({ firstSequence, events, references }) {
  const name = (place) => place ? references[place - 1].name : "";
  for (const [i, e] of events.entries())
    console.log(`${firstSequence + BigInt(i)} ${kinds[e.kind]?.name.slice(6) ?? "?"} ` +
      `contact=${e.contact} agent=${name(e.agent)} queue=${name(e.queue)}`);
}
async function read(link) {
  const state = !place && await soon(link.get(`acd:{${tenant}}:state`));
  place ??= restart(decode("TenantState", state || new Uint8Array()), why);
  const from = { key: `acd:{${tenant}}:events`, id: place.join("-") };
  const streams = await soon(link.xRead(from, { COUNT: 16, BLOCK: 1000 }));
  for (const { id, message } of streams?.[0].messages ?? []) {
    const at = id.toString().split("-").map(BigInt);
    if (message.resync) place = restart(decode("Resync", message.resync).state, "RESYNC");
    if (!message.batch || at[0] < place[0] || (at[0] === place[0] && at[1] <= place[1])) continue;
    const batch = decode("EventBatch", message.batch);
    if (batch.firstSequence > place[1] + 1n) [place, why] = [null, "GAP"];
    if (!place) throw new Error(`events before ${batch.firstSequence} are missing`);
    take(batch);
    place = at;
  }
}
for (const socket = { reconnectStrategy: false }; ; await setTimeout(200 + Math.random() * 800)) {
  const client = createClient({ url: `redis://${address}`, socket }).on("error", complain);
  const link = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await soon(client.connect()).then(async () => { for (;;) await read(link); }).catch(complain);
  if (client.isOpen) client.destroy();
}
