# SPDX-License-Identifier: Apache-2.0
"""The three examples that follow a stream, beside each other: a day of a small tenant, with
Redis killed in the middle, and then what acdd would never write but for a reason: a resync and
a hole.

Each must print what the stream holds, as the schema reads it, and all of them the same.

usage: follow.py ACDD ACDCTL REDIS_SERVER FOLLOW ROOT
"""

import os
import pathlib
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import redis

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "acdctl"), str(HERE.parent / "python_client")]

from client import Schema  # noqa: E402
from harness import DEADLINE_S, Daemon, check, die_with_parent, fail  # noqa: E402
from life import Life  # noqa: E402

TENANT = "acme"
STREAM = "acd:{%s}:events" % TENANT
STATE = "acd:{%s}:state" % TENANT


class Server:
    """redis-server on a port that was free; what it has dies with it."""

    def __init__(self, program, directory):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.program = program
        self.directory = directory
        self.client = redis.Redis("127.0.0.1", self.port)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.directory], stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        until(self.is_up, "redis-server runs")

    def is_up(self):
        check(self.process.poll() is None, "redis-server ended")
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


def until(condition, what):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if condition():
            return
        threading.Event().wait(0.02)
    fail("this did not become true in time: %s", what)


class Example:
    """One of them, and the lines that it prints."""

    def __init__(self, name, command, directory, **environment):
        self.name = name
        self.lines = []
        self.log = pathlib.Path(directory) / (name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=dict(os.environ, **environment),
                                            preexec_fn=die_with_parent)
        self.queue = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.queue.put(line.rstrip("\n"))
        self.queue.put("")

    def until(self, words):
        """Read until a line has these words."""
        while not self.lines or (words + " ") not in self.lines[-1] + " ":
            try:
                self.lines.append(self.queue.get(timeout=DEADLINE_S))
            except queue.Empty:
                fail("%s: no line %r after %r; it complained:\n%s", self.name, words,
                     self.lines[-1:], self.log.read_text()[-2000:])
            check(self.lines[-1] != "", "%s ended:\n%s", self.name,
                  self.log.read_text()[-2000:])

    def end(self):
        self.process.kill()
        self.process.wait()


def packages(root, directory):
    """The example for node, with its packages as they are locked."""
    source = pathlib.Path(root) / "clients/examples/node"
    for name in ("package.json", "package-lock.json", "follow.mjs"):
        shutil.copy(source / name, directory)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                          cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail("npm ci failed; it needs npm's registry (`npm config get registry`):\n%s%s",
             done.stdout, done.stderr)


def schema_file(root, directory):
    proto = pathlib.Path(root) / "proto"
    path = "%s/acd.bin" % directory
    subprocess.run(["protoc", "-I%s" % proto, "--include_imports",
                    "--descriptor_set_out=" + path] +
                   sorted(str(file.relative_to(proto)) for file in proto.glob("acd/v1/*.proto")),
                   check=True)
    return path


def lines_of(schema, data):
    """An EventBatch as the examples print it."""
    batch = schema.type("EventBatch").FromString(data)
    for sequence, event in enumerate(batch.events, batch.first_sequence):
        check(event.sequence in (0, sequence), "an odd sequence")
        yield "%d %s contact=%d agent=%s queue=%s" % (
            sequence, schema.type("EventKind").Name(event.kind)[len("EVENT_"):], event.contact,
            event.agent and batch.references[event.agent - 1].name or "",
            event.queue and batch.references[event.queue - 1].name or "")


class Play:
    def __init__(self, directory, schema, server, examples):
        self.directory = directory
        self.schema = schema
        self.server = server
        self.examples = examples
        self.want = []

    def last(self):
        entries = self.server.client.xrevrange(STREAM, count=1)
        return tuple(map(int, entries[0][0].split(b"-"))) if entries else (0, 0)

    def state(self, epoch, sequence):
        return self.schema.type("TenantState")(tenant=TENANT, epoch=epoch, sequence=sequence)

    def all(self, words):
        for example in self.examples:
            example.until(words)

    def want_from(self, place):
        """What is in the stream behind @place."""
        for _, fields in self.server.client.xrange(STREAM, "(%d-%d" % place):
            self.want.extend(lines_of(self.schema, fields[b"batch"]))

    def batch(self, epoch, sequence):
        kind = self.schema.value("EVENT_GATEWAY_LOST")
        batch = self.schema.type("EventBatch")(tenant=TENANT, epoch=epoch, first_sequence=sequence,
                                               last_sequence=sequence)
        batch.events.add(kind=kind)
        return batch.SerializeToString()

    def what_acdd_does_not_write(self):
        """Without a daemon: a resync, then a hole with a state that has it, then one more."""
        client = self.server.client
        epoch, last = self.last()
        state = self.state(epoch + 9, 1000)
        resync = self.schema.type("Resync")(tenant=TENANT, next_sequence=990, state=state)
        with client.pipeline() as pipe:
            pipe.xadd(STREAM, {"resync": resync.SerializeToString()}, "%d-989" % (epoch + 8))
            for number in range(990, 1003):
                pipe.xadd(STREAM, {"batch": self.batch(epoch + 9, number)},
                          "%d-%d" % (epoch + 9, number))
            pipe.execute()
        self.want.append("STATE %d-1000 RESYNC" % (epoch + 9))
        self.want += lines_of(self.schema, self.batch(epoch + 9, 1001))
        self.want += lines_of(self.schema, self.batch(epoch + 9, 1002))
        self.all("1002 GATEWAY_LOST")
        with client.pipeline() as pipe:
            pipe.set(STATE, self.state(epoch + 9, 1010).SerializeToString())
            pipe.xadd(STREAM, {"batch": self.batch(epoch + 9, 1010)}, "%d-1010" % (epoch + 9))
            pipe.execute()
        self.want.append("STATE %d-1010 GAP" % (epoch + 9))
        self.all(self.want[-1])
        client.xadd(STREAM, {"batch": self.batch(epoch + 9, 1011)}, "%d-1011" % (epoch + 9))
        self.want += lines_of(self.schema, self.batch(epoch + 9, 1011))
        self.all("1011 GATEWAY_LOST")
        check(last < 989, "more events than this test reckons with")

    def compare(self):
        for example in self.examples:
            for at, (line, want) in enumerate(zip(example.lines, self.want)):
                check(line == want, "%s: line %d is\n%s, not\n%s", example.name, at, line, want)
            check(len(example.lines) == len(self.want), "%s: %d lines, not %d", example.name,
                  len(example.lines), len(self.want))


def start_examples(arguments, directory, address):
    _, _, _, follow, root = arguments
    schema = schema_file(root, directory)
    python = "%s/clients/examples/follow.py" % root
    return [
        Example("follow.c", [follow, address, TENANT], directory),
        Example("follow.py", ["/usr/bin/python3", "-B", python, address, TENANT], directory,
                PYTHONPATH=directory),
        Example("follow.mjs", ["node", "%s/follow.mjs" % directory, address, TENANT, schema],
                directory),
    ]


def published(daemon):
    daemon.acdctl.until(lambda status: status["redis"]["state"] == "connected" and
                        status["redis"]["lag_events"] == 0, "status")


def day(play, life, daemon, directory, arguments):
    life.configure()
    life.arrive()
    published(daemon)
    place = play.last()
    play.server.client.set(STATE, play.state(*place).SerializeToString())
    play.want.append("STATE %d-%d START" % place)
    play.examples += start_examples(arguments, directory,
                                    "127.0.0.1:%d" % play.server.port)
    play.all(play.want[0])
    contact = life.submit()
    play.all("CONTACT_OFFERED contact=%d" % contact)
    play.server.kill()
    life.serve(contact)
    play.server.start()
    life.leave()
    published(daemon)
    daemon.close()
    play.want_from(place)
    play.all(play.want[-1])


def main():
    arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="acdd-test-") as directory:
        packages(arguments[4], directory)
        schema = Schema(arguments[4], directory)
        server = Server(arguments[2], directory)
        daemon = Daemon(arguments[0], arguments[1], "--redis", "127.0.0.1:%d" % server.port)
        play = Play(directory, schema, server, [])
        life = Life(schema, "unix:%s/s" % daemon.directory, TENANT)
        day(play, life, daemon, directory, arguments)
        play.what_acdd_does_not_write()
        play.compare()
        for example in play.examples:
            example.end()
        server.kill()
        print("%d lines, three times the same" % len(play.want))


if __name__ == "__main__":
    main()
