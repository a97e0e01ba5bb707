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
const client = createClient({ url: `redis://${address}`, disableOfflineQueue: true });
const link = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });

function restart(state, why) { // Forget all, take the state: the place to read on from.
  console.log(`STATE ${state.epoch}-${state.sequence} ${why}`);
  return [state.epoch, state.sequence];
}
function take({ firstSequence, events, references }) {
  const name = (place) => place ? references[place - 1].name : "";
  for (const [i, e] of events.entries())
    console.log(`${firstSequence + BigInt(i)} ${kinds[e.kind]?.name.slice(6) ?? "?"} ` +
      `contact=${e.contact} agent=${name(e.agent)} queue=${name(e.queue)}`);
}
client.on("error", (error) => console.error(`${error} - again soon`)); // It reconnects by itself.
await client.connect();
for (let place = null, why = "START"; ;) {
  try {
    const state = place ? [] : await link.get(`acd:{${tenant}}:state`) ?? [];
    place ??= restart(decode("TenantState", state), why);
    const from = { key: `acd:{${tenant}}:events`, id: place.join("-") };
    const streams = await link.xRead(from, { COUNT: 16, BLOCK: 1000 });
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
  } catch (error) {
    console.error(`${error} - again soon`);
    await setTimeout(200 + Math.random() * 800);
  }
}
