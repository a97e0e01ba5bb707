#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Well-formed messages that make little sense, some of them bent: values at their bounds,
handles of others and of nobody, every kind from every role.

Goal    No client ends the daemon or leaves its own connection without an answer,
        and nothing that was accepted hinders a replay.
Method  Random messages of the schema, answers checked one by one; then the daemon
        is killed, and what waits is what waited.

usage: nonsense.py ACDD ACDCTL ROOT [--seed N] [--requests N]
"""

import argparse
import pathlib
import random
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from client import Schema  # noqa: E402
from fake_daemon import BYE  # noqa: E402
from harness import DONE, Daemon, check  # noqa: E402
from peer import Peer, fields  # noqa: E402

FLOOR = """
skills: [billing, german]
profiles: {all: {skills: {billing: 5}}}
teams: {north: {profile: all, supervisors: [anna]}}
queues: {billing: {requirement: {all: {billing: 3}}}, sales: {}}
agents: {anna: {team: north}, bob: {team: north, skills: {german: 3}}}
"""
NAMES = ["billing", "sales", "anna", "bob", "default", "german", "phone", "email", "chat", "north",
         "all", "", "x" * 64, "nobody", "k1", "\u00fc"]
NUMBERS = [0, 1, 2, 3, 8, 31, 32, 1000, 20000, 2 ** 32 - 1]
ROLES = ["gateway", "agent", "supervisor", "operator", "reader"]


class Nonsense:
    def __init__(self, schema, seed):
        self.schema = schema
        self.random = random.Random(seed)
        self.ids = [0, 1, 2 ** 60, 2 ** 64 - 1]
        left_out = {schema.number[name] for name in ("STOP", "BYE", "DRAIN")}
        self.kinds = sorted(set(schema.message) - left_out)
        self.results = {value.number for value in schema.type("Result").DESCRIPTOR
                        .fields_by_name["code"].enum_type.values}

    def value(self, field):
        pick = self.random.choice
        if field.enum_type is not None:
            return pick(field.enum_type.values).number
        kind = field.cpp_type
        if kind == field.CPPTYPE_STRING:
            if field.type == field.TYPE_STRING:
                return pick(NAMES)
            return self.random.randbytes(pick([0, 3, 200, 4096, 4097]))
        if kind == field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if kind == field.CPPTYPE_UINT64:
            if self.random.random() < 0.3:
                return pick(self.ids[:4] + [self.random.getrandbits(64)])
            return pick(self.ids)
        return pick(NUMBERS[:-1] if kind != field.CPPTYPE_UINT32 else NUMBERS)

    def fill(self, message, depth=0):
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < 0.35:
                continue
            is_message = field.message_type is not None
            at = getattr(message, field.name)
            if field.label == field.LABEL_REPEATED:
                for _ in range(self.random.choice([0, 1, 1, 2, 9])):
                    if is_message:
                        self.fill(at.add(), depth + 1)
                    else:
                        at.append(self.value(field))
            elif is_message and depth < 3:
                self.fill(at, depth + 1)
            elif not is_message:
                setattr(message, field.name, self.value(field))

    def sensible(self, kind):
        """A message that will do something, so that there is something to disturb."""
        message = self.schema.message[kind]()
        if self.schema.name[kind] == "SUBMIT":
            message.queue = self.random.choice(["billing", "sales"])
            message.channel = self.random.choice(["phone", "email", "chat"])
            message.client_key = self.random.choice(["", "k%d" % self.random.randrange(50)])
        elif self.schema.name[kind] == "LOGIN":
            message.agent = self.random.choice(["anna", "bob"])
            message.shared = self.random.random() < 0.5
        else:
            self.fill(message)
        return message

    def request(self, role):
        """A kind and a body."""
        often = {"agent": "LOGIN", "gateway": "SUBMIT", "operator": "SUBMIT"}.get(role)
        kind = self.random.choice(self.kinds)
        if often is not None and self.random.random() < 0.25:
            kind = self.schema.number[often]
        if self.random.random() < 0.7:
            message = self.sensible(kind)
        else:
            message = self.schema.message[kind]()
            self.fill(message)
        body = bytearray(message.SerializeToString())[:65000]
        if body and self.random.random() < 0.05:
            body[self.random.randrange(len(body))] ^= 1 << self.random.randrange(8)
        if self.random.random() < 0.03:
            del body[self.random.randrange(len(body) + 1):]
        return kind, bytes(body)

    def learn(self, found):
        """Handles that the daemon told are worth trying, rightly and wrongly."""
        values = list(found.values())
        for value in found.values():
            if isinstance(value, bytes):
                try:
                    values += fields(value).values()
                except (IndexError, ValueError, struct.error):
                    pass
        self.ids += [value for value in values if isinstance(value, int) and value >> 28]
        if len(self.ids) > 300:
            self.ids[4:] = self.ids[-200:]

    def code(self, kind, found):
        if self.schema.name.get(kind) == "RESULT":
            return found.get(1)
        check(isinstance(found.get(1), bytes), "an answer without a result: %s %s", kind, found)
        return fields(found[1]).get(1)

    def visit(self, peer, role):
        """One connection's worth; returns how many were answered."""
        sessions = [0]
        count = self.random.randrange(1, 200)
        for number in range(count):
            kind, body = self.request(role)
            answer, found = peer.call(kind, body, self.random.choice(sessions))
            if answer == BYE:
                return number
            check(answer is not None, "no answer to %s", self.schema.name[kind])
            check(self.code(answer, found) in self.results, "no result: %s", found)
            if self.schema.name[answer] == "LOGGED_IN":
                sessions.append(found[2])
            self.learn(found)
            for push in peer.pushes:
                self.learn(push[3])
            peer.pushes.clear()
        return count


def waiting(daemon):
    rows = daemon.acdctl("contacts", "--all", "--json").expect(DONE).json()["contacts"]
    return sorted(row["contact"] for row in rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("acdd")
    parser.add_argument("acdctl")
    parser.add_argument("root")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=6000)
    options = parser.parse_args()
    print("nonsense.py --seed %d --requests %d" % (options.seed, options.requests), flush=True)

    with tempfile.TemporaryDirectory() as made, Daemon(options.acdd, options.acdctl) as daemon:
        nonsense = Nonsense(Schema(options.root, made), options.seed)
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        count = 0
        while count < options.requests:
            role = nonsense.random.choice(ROLES)
            with Peer("%s/s" % daemon.directory) as peer:
                check(peer.hello(role, client=nonsense.random.choice("gh")) == 1, "not welcome")
                count += nonsense.visit(peer, role)
        check(daemon.process.poll() is None, "the daemon ended")
        daemon.kill()
        daemon.start()
        first = waiting(daemon)
        daemon.kill()
        daemon.start()
        check(first and waiting(daemon) == first, "a replay is not like the other")
    print("%d requests answered" % count)


if __name__ == "__main__":
    main()
