# SPDX-License-Identifier: Apache-2.0
"""A redis-server of a test's own, and entries as acdd writes them."""

import contextlib
import importlib
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from harness import DEADLINE_S, check, die_with_parent, fail  # noqa: E402

TENANT = "default"
STREAM = "acd:{%s}:events" % TENANT
STATE = "acd:{%s}:state" % TENANT


def until(condition, what):
    """Poll until the condition is true; what it gave."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        threading.Event().wait(0.01)
    fail("this did not become true in time: %s", what)
    return None


class Messages:
    """Classes that protoc makes of the schema."""

    def __init__(self, root, directory):
        proto = pathlib.Path(root) / "proto"
        names = sorted(str(path.relative_to(proto)) for path in proto.glob("acd/v1/*.proto"))
        subprocess.run(["protoc", "-I%s" % proto, "--python_out=%s" % directory] + names,
                       check=True)
        sys.path.insert(0, directory)
        for name in ("event", "redis"):
            vars(self).update(vars(importlib.import_module("acd.v1.%s_pb2" % name)))


class Server:
    """redis-server on a unix socket, which keeps what it has when told so."""

    def __init__(self, program, directory, *options):
        self.program = program
        self.directory = directory
        self.path = "%s/redis" % directory
        self.options = options
        self.process = None
        self.start()

    def start(self, name="redis"):
        """At another name nobody finds it until it is shown."""
        path = "%s/%s" % (self.directory, name)
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", path, "--save", "", "--dir",
             self.directory, *self.options], stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        self.client = redis.Redis(unix_socket_path=path)
        until(self.is_up, "redis-server runs")

    def is_up(self):
        check(self.process.poll() is None, "redis-server ended")
        try:
            return self.client.ping()
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False

    def show(self, name):
        os.rename("%s/%s" % (self.directory, name), self.path)
        self.client = redis.Redis(unix_socket_path=self.path)

    def kill(self):
        self.process.kill()
        self.process.wait()


class World:
    """All that a case needs."""

    def __init__(self, tail, server, root):
        self.tail_program = tail
        self.server_program = server
        self.place = tempfile.TemporaryDirectory(prefix="acdd-test-")
        self.directory = self.place.name
        self.messages = Messages(root, self.directory)
        self.server = None
        self.pipe = None
        self.tails = []

    def serve(self, *options):
        self.server = Server(self.server_program, self.directory, *options)

    @property
    def client(self):
        return self.pipe or self.server.client

    @contextlib.contextmanager
    def together(self):
        """What is written inside is one transaction: nobody sees anything between."""
        with self.server.client.pipeline() as self.pipe:
            yield
            self.pipe.execute()
        self.pipe = None

    def batch(self, epoch, first, last=None, tenant=TENANT, pad=0):
        """The bytes of a batch; the same arguments give the same bytes."""
        last = first if last is None else last
        batch = self.messages.EventBatch(tenant=tenant, epoch=epoch, first_sequence=first,
                                         last_sequence=last, time_ns=1000 + first)
        for number in range(first, last + 1):
            batch.events.add(kind=self.messages.EVENT_AGENT_LOST, value=number,
                             label="x" * pad)
        return batch.SerializeToString()

    def add(self, epoch, first, last=None, **more):
        """One entry. Its line as tail says it, but for what depends on the reader."""
        last = first if last is None else last
        data = self.batch(epoch, first, last, **more)
        self.client.xadd(STREAM, {"batch": data}, id="%d-%d" % (epoch, last))
        return "EVENTS %d-%d %d %d" % (epoch, last, first, last)

    def state_of(self, epoch, sequence):
        return self.messages.TenantState(tenant=TENANT, epoch=epoch, sequence=sequence,
                                         server="s")

    def set_state(self, epoch, sequence):
        self.client.set(STATE, self.state_of(epoch, sequence).SerializeToString())

    def add_resync(self, id_, next_sequence, epoch, sequence):
        resync = self.messages.Resync(tenant=TENANT, next_sequence=next_sequence,
                                      reason=self.messages.RESYNC_EVENTS_GONE,
                                      state=self.state_of(epoch, sequence))
        self.client.xadd(STREAM, {"resync": resync.SerializeToString()}, id=id_)

    def tail(self, *words, address=None):
        tail = Tail(self.tail_program, address or "unix:%s" % self.server.path, words)
        self.tails.append(tail)
        return tail

    def close(self):
        for tail in self.tails:
            tail.end()
        if self.server is not None:
            self.server.kill()
        self.place.cleanup()


class Tail:
    """A reader, and what it says."""

    def __init__(self, program, address, words):
        self.process = subprocess.Popen([program, address, TENANT, *words],
                                        stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def line(self):
        try:
            line = self.lines.get(timeout=DEADLINE_S)
        except queue.Empty:
            fail("nothing more was said in %d s", DEADLINE_S)
        if line is None:
            fail("the reader ended: %s", self.process.wait())
        return line

    def next(self):
        """The next line that is no trouble with the connection."""
        line = self.line()
        while re.match("TROUBLE (UNREACHABLE|LOST|BUSY)", line):
            line = self.line()
        return line

    def expect(self, *starts):
        """The next lines begin so; the last of them."""
        line = None
        for start in starts:
            line = self.next()
            check((line + " ").startswith(start + " "), "wanted %r, not %r", start, line)
        return line

    def trouble(self, name):
        """Lines of trouble until this one comes."""
        end = time.monotonic() + DEADLINE_S
        line = self.line()
        while not line.startswith("TROUBLE " + name):
            check(line.startswith("TROUBLE") and time.monotonic() < end,
                  "wanted trouble %s, not %r", name, line)
            line = self.line()
        return line

    def silent(self):
        """Nothing is to be read at the moment."""
        check(self.lines.empty(), "said too much")

    def end(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
