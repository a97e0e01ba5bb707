# SPDX-License-Identifier: Apache-2.0
"""A Redis that gets the events, what may happen to it, and how far its stream is."""

import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests/process/redis"))

import resp  # noqa: E402
import servers  # noqa: E402
from proxy import Proxy  # noqa: E402

OPTIONS = ("--appendonly", "no")
TENANT = "bench"
KEY = "acd:{%s}:events" % TENANT
SLOW_BYTES_PER_S = 1000
FULL = "1mb"  # less than a server takes that holds nothing


class Store:
    """A redis-server on a unix socket that comes back under the same address."""

    def __init__(self, where, core):
        self.where = where
        self.core = core
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="redis-", dir=where))
        self.address = "unix:%s/s" % self.directory
        self.life = contextlib.ExitStack()
        self.server = None
        self.start()

    def start(self):
        self.server = self.life.enter_context(servers.running(
            servers.redis(*OPTIONS), self.where, self.address, core=self.core))

    def stop(self):
        self.life.close()

    def pause(self):
        self.server.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.server.process.send_signal(signal.SIGCONT)

    def ask(self, *words):
        """On a connection of its own: what it is asked is seldom, and it comes and goes."""
        with contextlib.closing(resp.Connection(self.address)) as connection:
            return connection(*words)

    def at(self, _key):
        """Who has a key: for follow.py, which knows Clusters."""
        return self.ask

    def last(self):
        with contextlib.closing(resp.Connection(self.address)) as connection:
            return last_sequence(connection)

    def fill(self):
        """Full, whatever it holds."""
        self.ask("CONFIG", "SET", "maxmemory", FULL, "maxmemory-policy", "noeviction")

    def make_room(self):
        self.ask("CONFIG", "SET", "maxmemory", "0")

    def close(self):
        if self.server.process.poll() is None:
            self.resume()
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class Trouble:
    """What happens to a Redis, from begin() to end(); the daemon goes to @address."""

    def __init__(self, store):
        self.store = store
        self.address = store.address

    def begin(self):
        pass

    def end(self):
        pass

    def close(self):
        pass


class Stopped(Trouble):
    def begin(self):
        self.store.stop()

    def end(self):
        self.store.start()


class Paused(Trouble):
    def begin(self):
        self.store.pause()

    def end(self):
        self.store.resume()


class Slow(Trouble):
    """Behind a network of 1 kB/s."""

    def __init__(self, store):
        super().__init__(store)
        self.proxy = Proxy(store.address)
        self.address = self.proxy.address

    def begin(self):
        self.proxy.slow(SLOW_BYTES_PER_S)

    def end(self):
        self.proxy.widen()

    def close(self):
        self.proxy.close()


class Full(Trouble):
    def begin(self):
        self.store.fill()

    def end(self):
        self.store.make_room()


def last_sequence(connection):
    """Of the newest event in the stream; 0 where there is none."""
    newest = connection("XREVRANGE", KEY, "+", "-", "COUNT", 1)
    return int(newest[0][0].split(b"-")[1]) if newest else 0


class Progress(threading.Thread):
    """Looks again and again how far the stream is: (time, sequence) in self.seen."""

    def __init__(self, store, period_s=0.02):
        super().__init__(daemon=True)
        self.connection = resp.Connection(store.address)
        self.period_s = period_s
        self.is_over = threading.Event()
        self.seen = []
        self.start()

    def run(self):
        while not self.is_over.is_set():
            self.look()
            self.is_over.wait(self.period_s)

    def look(self):
        sequence = last_sequence(self.connection)
        self.seen.append((time.monotonic(), sequence))

    def wait_for(self, sequence):
        """Until the stream has this event."""
        end = time.monotonic() + servers.DEADLINE_S
        while not self.seen or self.seen[-1][1] < sequence:
            if time.monotonic() > end or not self.is_alive():
                raise servers.Failure("the stream does not get to event %d: %s" % (
                    sequence, self.seen[-1:]))
            self.join(self.period_s)

    def end(self):
        self.is_over.set()
        self.join()
        self.look()
        self.connection.close()
        return self.seen


def level(seen, begin, growth, margin):
    """What was seen until the stream was where something is that was at begin, a (time,
    sequence), and grows so much a second; all, if it never was."""
    for index, (moment, sequence) in enumerate(seen):
        if sequence >= begin[1] + growth * (moment - begin[0]) - margin:
            return seen[:index + 1]
    return seen


def speed(seen, begin, end):
    """Events a second on the way from one sequence to another, without the first and the last
    of it, when there is no full load yet or any more."""
    margin = (end - begin) / 50
    first = next((one for one in seen if one[1] >= begin + margin), None)
    last = next((one for one in seen if one[1] >= end - margin), None)
    if first is None or last is None or last[0] <= first[0]:
        return None
    return (last[1] - first[1]) / (last[0] - first[0])
