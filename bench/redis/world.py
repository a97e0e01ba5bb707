# SPDX-License-Identifier: Apache-2.0
"""What all rows share: a daemon that publishes, the load on it, how far Redis is, and whether
the stream is the event log.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import time

import ours
import servers
from store import KEY, TENANT, Store, Trouble

import eventlog
import follow

TRIM_S = 2.5
KEPT_ENTRIES = 5000  # of a long run's stream: some 0.3 GiB


def cpu_ns(pid):
    """Processor time of all threads of a process so far."""
    return sum(int(path.read_text(encoding="ascii").split()[0])
               for path in pathlib.Path("/proc/%d/task" % pid).glob("*/schedstat"))


def rss_kib(pid):
    status = pathlib.Path("/proc/%d/status" % pid).read_text(encoding="ascii")
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1))


def core(wanted):
    """The daemon is on core 0 and the load on core 1; who else there is goes to one of his own
    where there are more."""
    return min(wanted, max(os.sched_getaffinity(0)))


REDIS_CORE, READER_CORE = core(2), core(3)


class Floor:
    """A daemon under load, and the store that it publishes to, if it does."""

    def __init__(self, world, server, store):
        self.world = world
        self.server = server
        self.store = store
        self.pid = server.pid
        self.first = 0  # the newest event when it was ready

    def load(self, *options):
        """One run of acdbench."""
        return self.world.acdbench.load(self.world, self.server, "--agents",
                                        self.world.scale.agents, *options)

    def closed(self):
        """As fast as it goes."""
        scale = self.world.scale
        return self.load("--in-flight", scale.window, "--seconds", scale.seconds)

    def open(self, rate):
        """So many a second."""
        return self.load("--rate", max(1, round(rate)), "--seconds", self.world.scale.seconds)

    def start_open(self, rate, seconds):
        """The same, that goes on while the caller does something."""
        return servers.Load([*self.world.acdbench.words(self.world, self.server),
                             "--agents", self.world.scale.agents, "--rate",
                             max(1, round(rate)), "--seconds", seconds])

    def last(self):
        """The newest event."""
        return self.world.acdbench.status(self.server, "--tenant", TENANT)[
            "journal"]["event_last_sequence"]

    def redis(self):
        return self.world.acdbench.status(self.server)["redis"]

    def wait(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.process.wait(seconds)

    def is_busy(self):
        """Contacts come."""
        return self.last() > self.first

    def until(self, is_so):
        end = time.monotonic() + servers.DEADLINE_S
        while not is_so():
            if time.monotonic() > end:
                raise servers.Failure("%s() does not come true: %s" % (
                    is_so.__name__, self.redis()))
            self.wait(0.01)

    def lag(self):
        """Events that Redis has not acknowledged."""
        last_id = self.redis().get("last_id") or "0-0"
        return self.last() - int(last_id.split("-")[1])

    def is_connected(self):
        return self.redis()["state"] == "connected"

    def is_fed(self):
        """Redis has the newest event: asked of Redis, not of who claims it."""
        return self.is_connected() and self.store.last() == self.last()

    def rest(self):
        """Until no more entries leave the stream: that happens once a second, in pieces."""
        before = None
        while before != (count := self.store.ask("XLEN", KEY)):
            before = count
            self.wait(TRIM_S)

    def check(self):
        """The stream is the event log, byte for byte."""
        world = self.world
        if world.is_trimming:
            self.rest()
        words = [world.build / "bench/redis/stream_same", self.store.address, TENANT, self.data]
        told = servers.parse(servers.run_load(words + ["--trimmed"] * world.is_trimming,
                                              core=READER_CORE))
        world.same_count += 1
        world.event_size = told["bytes"] / told["events"]
        if world.scale.drains:
            # Few events: what compared them is compared with other readers of log and stream.
            entries = eventlog.of_tenant(eventlog.read(self.data), TENANT)
            stream = follow.read(self.store, TENANT)
            follow.check_stream(stream, TENANT, entries)
            count = len(stream)
            if (count, entries[-1].last) != (told["entries"], told["events"]):
                raise servers.Failure("stream_same told %s of %d entries" % (told, count))
        return told

    @property
    def data(self):
        return self.server.directory / "data"

    def check_noticed(self):
        """An entry taken away is missed."""
        page = self.store.ask("XRANGE", KEY, "-", "+", "COUNT", 2)
        self.store.ask("XDEL", KEY, page[-1][0])
        try:
            self.check()
        except servers.Failure as failure:
            if "the event log has" not in str(failure):
                raise
            return
        raise servers.Failure("an entry was taken away, and stream_same did not notice")


class World:
    """Programs, durations, and what was found out on the way."""

    def __init__(self, acdbench, scale, settings):
        self.acdbench = acdbench
        self.scale = scale
        self.settings = settings
        self.build = settings.build
        self.raw = {}  # section, row: what the rounds gave
        self.busy_most = 0
        self.held = (0, 0)
        self.same_count = 0  # streams that were the event log
        self.event_size = 0.0  # bytes of an event in a batch
        self.plain = None  # how redis-benchmark does best: -P, -c
        self.rates = {}  # of a closed loop, by how it syncs

    @property
    def where(self):
        return self.settings.dir

    @property
    def is_trimming(self):
        """Does a run make more than can be kept?"""
        return self.settings.minutes is not None

    @contextlib.contextmanager
    def floor(self, sync, trouble=None, is_publishing=True):
        """A daemon that does nothing yet, its store, and what is to happen to that."""
        with contextlib.ExitStack() as stack:
            store, options = None, ()
            if is_publishing:
                store = stack.enter_context(Store(self.where, REDIS_CORE))
                trouble = (trouble or Trouble)(store)
                stack.callback(trouble.close)
                options = ("--redis", trouble.address)
            if self.is_trimming:
                options += ("--redis-retention-entries", str(KEPT_ENTRIES))
            server = stack.enter_context(servers.running(
                self.acdbench.daemon("--sync", sync, *options), self.where))
            ours.settle(server, self.scale.settle_s)
            floor = Floor(self, server, store)
            if is_publishing:
                floor.until(floor.is_connected)
            # Tenant, agents and stream are there before anything is measured or broken.
            floor.load("--in-flight", 1, "--count", 1)
            if is_publishing:
                floor.until(floor.is_fed)
            floor.first = floor.last()
            yield floor, trouble
