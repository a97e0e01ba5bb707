#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Follow a tenant's events in Redis: begin with the state, print each event, notice gaps.

    protoc -I proto --python_out=O proto/acd/v1/*.proto; PYTHONPATH=O follow.py HOST:PORT TENANT"""
import random
import sys
import threading
import redis
from google.protobuf.message import DecodeError
from acd.v1.event_pb2 import EventBatch, EventKind
from acd.v1.redis_pb2 import Resync, TenantState

tenant = sys.argv[2]
host, port = sys.argv[1].rsplit(":", 1)
link = redis.Redis(host, int(port), socket_timeout=10)


def restart(state, why):  # Forget all, take the state: the place to read on from.
    print("STATE %d-%d %s" % (state.epoch, state.sequence, why), flush=True)
    return state.epoch, state.sequence


def take(batch):
    name = lambda place: batch.references[place - 1].name if place else ""
    for sequence, event in enumerate(batch.events, batch.first_sequence):
        kind = EventKind.Name(event.kind)[6:] if event.kind in EventKind.values() else "?"
        print("%d %s contact=%d agent=%s queue=%s" % (
            sequence, kind, event.contact, name(event.agent), name(event.queue)), flush=True)


place, why = None, "START"
while True:
    try:
        state = place is None and link.get("acd:{%s}:state" % tenant)
        place = place or restart(TenantState.FromString(state or b""), why)
        for _, entries in link.xread({"acd:{%s}:events" % tenant: "%d-%d" % place}, 16, 1000):
            for id_, fields in entries:
                if b"resync" in fields:
                    place = restart(Resync.FromString(fields[b"resync"]).state, "RESYNC")
                elif b"batch" in fields and tuple(map(int, id_.split(b"-"))) > place:
                    batch = EventBatch.FromString(fields[b"batch"])
                    if batch.first_sequence > place[1] + 1:
                        place, why = None, "GAP"
                        raise LookupError("events before %d are missing" % batch.first_sequence)
                    take(batch)
                    place = batch.epoch, batch.last_sequence
    except (redis.RedisError, LookupError, DecodeError) as error:
        print(error, "- again soon", file=sys.stderr)
        threading.Event().wait(random.uniform(0.2, 1))
