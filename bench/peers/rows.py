# SPDX-License-Identifier: Apache-2.0
"""What is measured: sections of rows. The rows of a section are measured in turn,
round after round, and may be compared with each other; sections may not.
"""

import json
import re
import shutil
import subprocess
import tempfile

import servers
from figures import number
from rounds import Section

# The name of a row of acdd begins so.
OURS = "acdd"
REDIS = ("redis-bare", "redis-zset", "redis-minimal", "redis-full")
GEARMAND_BUCKETS = "--hashtable-buckets=1000003"
NO_FILE = ("--appendonly", "no")
SYNCED_FILE = ("--appendonly", "yes", "--appendfsync", "always")


class Bench:
    """What all rows share: programs, directory, durations, and the two cores."""

    def __init__(self, build, ours, scale, settings):
        self.build = build
        self.ours = ours
        self.scale = scale
        self.settings = settings
        self.gearmand_threads = 4
        self.raw = {}  # section, row: what the rounds gave
        self.busy_most = 0  # per cent of the processors that others used
        self.held = (0, 0)  # memory that stays: bytes, microseconds a page

    @property
    def where(self):
        return self.settings.dir

    def load(self, engine, server, **options):
        """One run of peerload; its numbers."""
        options = {"connections": self.scale.connections} | options
        words = [self.build / "bench/peers/peerload", engine, server.address, "--pid", server.pid,
                 "--payload", self.scale.payload, "--agents", self.scale.agents,
                 "--warm", self.scale.warm_s, "--seconds", self.scale.seconds,
                 "--scripts", self.settings.source / "bench/peers"]
        for name, value in options.items():
            words += ["--" + name, value]
        if self.scale.drains:
            words.append("--drain")
        return servers.parse(servers.run_load(words))

    def peer(self, engine, command, **options):
        """A row of somebody else's server, started anew for each run."""
        def measure():
            with servers.running(command(), self.where) as server:
                return self.load(engine, server, **options)
        return measure

    def gearmand(self, *options):
        return lambda: servers.gearmand("-t", str(self.gearmand_threads), *options)


def plain(command):
    return lambda: command


def peers(bench, **options):
    """The rows without durability, at one window, depth and number of connections."""
    rows = {
        "gearmand, tuned buckets": bench.peer("gearmand", bench.gearmand(GEARMAND_BUCKETS),
                                              **options),
        "gearmand, default buckets": bench.peer("gearmand", bench.gearmand(), **options),
        "beanstalkd": bench.peer("beanstalkd", plain(servers.beanstalkd()), **options),
    }
    for engine in REDIS:
        rows[engine] = bench.peer(engine, plain(servers.redis(*NO_FILE)), **options)
    return rows


# What a life cycle moves: bytes in, bytes out, bytes to the journal and the event log (the
# daemon's bytes_in_total, bytes_out_total, and /proc/PID/io, with 100 bytes of attributes).
FLOOR_SIZES = {"size": 190, "answer": 290, "log": 640}
FLOOR = "the bytes alone"
# Of these to the journal, whose syncs somebody waits for.
JOURNAL_SIZE = 270


def floor_row(bench):
    """A server that moves as many bytes over as many connections and decides nothing."""
    program = bench.build / "bench/peers/bound"
    sizes = [word for name, value in FLOOR_SIZES.items() for word in ("--" + name, str(value))]

    echoed = ("--size", FLOOR_SIZES["size"], "--answer", FLOOR_SIZES["answer"])

    def measure():
        command = servers.bound(program, "--dir", ".", *sizes, what="serve-floor")
        with servers.running(command, bench.where) as server:
            return servers.parse(servers.run_load(
                [program, "echo", server.address, *echoed, "--connections",
                 bench.scale.connections, "--in-flight", bench.scale.window, "--seconds",
                 bench.scale.seconds, "--pid", server.pid]))
    return measure


def in_memory_sections(bench):
    """Everything in memory: by what waits, then by what is in flight."""
    scale = bench.scale
    for waiting in scale.waiting:
        rows = {OURS: bench.ours.row(bench, sync="never", window=scale.window, waiting=waiting)}
        if waiting > 0:
            rows[OURS + ", nothing waiting"] = bench.ours.row(bench, sync="never",
                                                              window=scale.window)
        else:
            rows[FLOOR] = floor_row(bench)
        yield Section("waiting-%d" % waiting, "%s waiting, %s in flight, in memory" % (
            number(waiting), number(scale.window)), rows | peers(
                bench, window=scale.window, waiting=waiting), "" if waiting > 0 else
                "The bytes alone: a server that reads, answers and logs as many bytes a life "
                "cycle as acdd does, over as many connections, and decides nothing.")
    for window in scale.windows:
        rows = {OURS: bench.ours.row(bench, sync="never", window=window)}
        yield Section("window-%d" % window, "nothing waiting, %s in flight, in memory" % (
            number(window)), rows | peers(bench, window=window))
    yield connections_section(bench)


def connections_section(bench):
    """Some servers do best with one connection, which has the largest pieces to read."""
    window = bench.scale.window
    rows = {OURS: bench.ours.row(bench, sync="never", window=window, desktops=1)}
    return Section("connections-1", "one connection, nothing waiting, %s in flight, in memory" % (
        number(window)), rows | peers(bench, window=window, connections=1),
        "acdd has two: one for contacts, one for all agents.")


def durable_section(bench):
    """Nothing is answered before it is on disk."""
    scale = bench.scale
    many = {"window": scale.window_many, "agents": scale.agents_many}
    rows = {
        "acdd, sync always": bench.ours.row(bench, sync="always", window=scale.window),
        "acdd, sync never": bench.ours.row(bench, sync="never", window=scale.window),
        "acdd, sync always, many": bench.ours.row(bench, sync="always", **many),
        "acdd, sync never, many": bench.ours.row(bench, sync="never", **many),
        "beanstalkd -f0": bench.peer("beanstalkd", plain(servers.beanstalkd(
            "-b", "DIR", "-f", "0")), window=scale.window),
    }
    for engine in ("redis-zset", "redis-minimal", "redis-full"):
        rows[engine + ", fsync always"] = bench.peer(engine, plain(servers.redis(*SYNCED_FILE)),
                                                     window=scale.window)
    return Section("durable", "durable: answered when on disk", rows,
                   "%s in flight; \"many\": %s in flight and as many agents." % (
                       number(scale.window), number(scale.window_many)))


# What an agent's connection carries a life cycle: ACCEPT and COMPLETE; two results, the state, and
# the next offer with 100 bytes of attributes.
ASKED_SIZE, ANSWERED_SIZE = 50, 351


def agents_section(bench):
    """A connection an agent, and what the machine allows for that."""
    count = bench.scale.agents
    program = bench.build / "bench/peers/bound"

    def bound(address=None, way="epoll"):
        def measure():
            sizes = ["--answer", str(ANSWERED_SIZE)]
            command = servers.bound(program, "--io", way, *sizes)
            with servers.running(command, bench.where, address) as server:
                return servers.parse(servers.run_load(
                    [program, "echo", server.address, "--connections", count, "--size", ASKED_SIZE,
                     *sizes, "--seconds", bench.scale.seconds, "--pid", server.pid]))
        return measure

    def ours(address=None, way="epoll", window=4 * count):
        return bench.ours.row(bench, sync="never", window=window, desktops=count, address=address,
                              more=("--io", way))

    rows = {"acdd, TCP": ours(), "bound, TCP": bound()}
    if servers.parse(servers.run_load([program, "can", "io_uring"]))["can"]:
        rows["acdd, TCP, io_uring"] = ours(way="io_uring")
        rows["bound, TCP, io_uring"] = bound(way="io_uring")
    rows["acdd, TCP, no contact waits"] = ours(window=count)
    rows["acdd, unix"] = ours("unix")
    rows["bound, unix"] = bound("unix")
    return Section("agents", "one connection an agent, %s agents" % number(count), rows,
                   "The bound is an echo server: one read and one write a message, one message "
                   "under way on every connection, %d bytes in and %d out as on an agent's. "
                   "%s contacts are in flight, so that an offer leaves with the answer to the "
                   "completion before; where no contact waits it comes later, and a life cycle is "
                   "two writes." % (ASKED_SIZE, ANSWERED_SIZE, number(4 * count)))


def latency_section(bench):
    """From submit to offer, beside a round trip and a sync."""
    scale = bench.scale
    program = bench.build / "bench/peers/bound"

    def round_trip():
        with servers.running(servers.bound(program), bench.where) as server:
            return servers.parse(servers.run_load(
                [program, "round-trip", server.address, "--seconds", scale.seconds]))

    def sync(size, rate=lambda: 0):
        """Where a daemon would run; with a rate, as contacts would wait for it."""
        return lambda: servers.parse(servers.run_load(
            [program, "sync", bench.where, "--size", size, "--seconds", scale.seconds,
             "--rate", rate()], core=0))

    rows = {
        "round trip": round_trip,
        "fdatasync, 4 KiB": sync(4096),
        "syncs alone, %s/s" % number(scale.rate): sync(JOURNAL_SIZE, lambda: scale.rate),
        "syncs alone, half of the most": sync(JOURNAL_SIZE,
                                              lambda: bench.ours.half_rate(bench)),
        "acdd, %s/s" % number(scale.rate): bench.ours.row(bench, sync="always", rate=scale.rate),
        "acdd, half of the most": bench.ours.half_row(bench),
    }
    if bench.ours.has_option("--stay-awake-us"):
        awake = ("--stay-awake-us", "1000")
        rows["acdd, %s/s, awake" % number(scale.rate)] = bench.ours.row(
            bench, sync="always", rate=scale.rate, more=awake)
        rows["acdd, half of the most, awake"] = bench.ours.half_row(bench, *awake)
    if bench.ours.has_option("--sync-thread"):
        rows["acdd, half of the most, sync that blocks"] = bench.ours.half_row(
            bench, "--sync-thread", "never")
    return Section("latency", "submit to offer, in microseconds", rows,
                   "Syncs alone: contacts come as they do to acdd, and nobody reads, decides or "
                   "answers anything. What has come is written, %d bytes each, and synced, then "
                   "what came meanwhile. With a round trip that is about the least an offer takes, "
                   "with processors that sleep. Awake: with --stay-awake-us 1000, a thread that "
                   "keeps the daemon's processor from sleeping between messages." % JOURNAL_SIZE)


def publishing_section(bench):
    """What Redis costs that gets every event."""
    return Section("publishing", "events published to Redis", {
        "acdd, not published": bench.ours.row(bench, sync="never", window=bench.scale.window),
        "acdd, published": bench.ours.published_row(bench),
    }, "Redis shares the core of the load, which has none to spare on two cores: the processor "
        "time a life cycle is the fairer figure.", more={"lag": "events behind at the end"})


def recovery_section(bench):
    return Section("recovery", "recovery: commands replayed a second", {
        "acdd": bench.ours.recovery_row(bench),
    }, "A daemon killed and started on its journal, without a snapshot; the rate is what its log "
        "says of the replay.")


def memory_section(bench):
    """What a waiting job takes; once is enough, as chance has no part in it."""
    waiting = bench.scale.waiting[-1]

    def bytes_of(peer):
        def measure():
            run = peer()
            return {"bytes": (run["rss_waiting_kib"] - run["rss_empty_kib"]) * 1024 / waiting}
        return measure

    rows = {OURS: bench.ours.memory_row(bench, waiting)}
    for name, row in peers(bench, window=1, waiting=waiting).items():
        rows[name] = bytes_of(row)
    return Section("memory", "memory of a waiting job, %s waiting" % number(waiting), rows,
                   "Resident memory with them less without, payload included.", rounds=1)


def idle_section(bench):
    """A daemon with default limits and nothing to do."""
    return Section("idle", "idle, with default limits", {"acdd": bench.ours.idle_row(bench)},
                   rounds=1)


CORE_SIZES = ((1000, 1000), (100000, 10000), (1000000, 10000))
CORE_ENGINES = {"prototype": "prototype", "core": "core", "core, prefetching": "prefetching",
                "glib": "glib"}


def core_row(waiting, agents):
    return "%s waiting, %s agents" % (number(waiting), number(agents))


def core_section(bench):
    """The core alone beside bare lists and a heap: core_step runs them in turn and says medians."""
    program = bench.build / "bench/core_step"

    def times(waiting, agents):
        def measure():
            with tempfile.NamedTemporaryFile(dir=bench.where) as file:
                servers.run_load([program, "--one", waiting, agents, "--json", file.name], core=0)
                lines = [json.loads(line) for line in file]
            return {CORE_ENGINES[line["engine"]]: line["ns"] for line in lines}
        return measure

    def spread():
        """Per cent between the least and the most instructions, by waiting, keys and agents."""
        if shutil.which("valgrind") is None:
            return {}
        said = subprocess.run([program, "--callgrind"], capture_output=True, text=True, check=False)
        found = re.findall(r": ([\d.]+) % between", said.stdout)
        return {"percent": max(map(float, found))} if found else {}

    rows = {core_row(*size): times(*size) for size in CORE_SIZES}
    rows["instructions"] = spread
    return Section("core", "the core alone: nanoseconds a life cycle", rows,
                   "A prototype of bare lists, the core, the core with what it needs fetched "
                   "ahead, and what one would write with GLib's heap and hash table; one class an "
                   "agent. The last row: instructions, in per cent between the least and the most "
                   "from 10³ to 10⁵ waiting and 10² to 10⁴ agents.", rounds=1)


def sections(bench):
    """First what waits for the disk, before gigabytes are written to it."""
    return [latency_section(bench), durable_section(bench), *in_memory_sections(bench),
            agents_section(bench), publishing_section(bench), recovery_section(bench),
            memory_section(bench), idle_section(bench), core_section(bench)]
