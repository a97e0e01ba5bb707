# SPDX-License-Identifier: Apache-2.0
"""What we want to reach, as ratios between medians of one section, and whether we did.

A target that has no figures (a row was not measured) says so; it is never met.
"""

from figures import COMPARED, Line, quotient, times

GREATEST = "waiting-1000000"
# A large table is slower as long as it is empty, so both are asked.
GEARMANDS = ["gearmand, tuned buckets", "gearmand, default buckets"]


def at_least(text, section, row, others, least):
    """The rate of a row is so many times that of the best of others; beside it by
    processor time, again of the best. Without a least it is there to compare with."""
    def judge(results):
        def known(field):
            values = (results.median(section, other, field) for other in others)
            return [value for value in values if value]
        rate = quotient(results.median(section, row, "rate"), max(known("rate"), default=None))
        cpu = quotient(min(known("server_cpu_us"), default=None),
                       results.median(section, row, "server_cpu_us"))
        if rate is None:
            return Line(text, "–", "–", None)
        return Line(text, times(rate), times(cpu), COMPARED if least is None else rate >= least)
    return judge


def at_most(text, section, field, most, row="acdd"):
    def judge(results):
        value = results.median(section, row, field)
        return Line(text, "–" if value is None else format(round(value), ","), "",
                    None if value is None else value <= most)
    return judge


def rate_of(text, section, row, least):
    def judge(results):
        rate = results.median(section, row, "rate")
        return Line(text, "–" if rate is None else format(round(rate), ",") + "/s", "",
                    None if rate is None else rate >= least)
    return judge


def within(text, row, field, of, most):
    """A latency is at most so many times a round trip and a sync."""
    def judge(results):
        floor = [results.median("latency", part, of) for part in ("round trip",
                                                                  "fdatasync, 4 KiB")]
        value = results.median("latency", row, "offer_" + field)
        ratio = None if None in floor or value is None else value / sum(floor)
        return Line(text, times(ratio), "" if ratio is None else "%.0f µs of %.0f µs" % (
            value, sum(floor)), None if ratio is None else ratio <= most)
    return judge


def sync_limit(text, row, field):
    """When nobody decides: a round trip and a wait for syncs alone, beside a round trip and one
    sync."""
    def judge(results):
        trip, sync, alone = (results.median("latency", name, which) for name, which in (
            ("round trip", "p50_us"), ("fdatasync, 4 KiB", "p50_us"), (row, field)))
        if None in (trip, sync, alone):
            return Line(text, "–", "", COMPARED)
        return Line(text, times((trip + alone) / (trip + sync)), "%.0f µs of %.0f µs" % (
            trip + alone, trip + sync), COMPARED)
    return judge


def memory(text, row, payload, most):
    def judge(results):
        size = results.median("memory", row, "bytes")
        if size is None:
            return Line(text, "–", "", None)
        return Line(text, "%.0f bytes" % (size - payload), "%.0f with the payload" % size,
                    size - payload <= most)
    return judge


def no_worse(text, row, other, field, most):
    """A latency is at most so many times that of another row."""
    def judge(results):
        values = [results.median("latency", name, field) for name in (row, other)]
        ratio = quotient(*values)
        return Line(text, times(ratio), "" if ratio is None else "%.0f µs of %.0f µs" % (*values,),
                    None if ratio is None else ratio <= most)
    return judge


def core(text, ours, other, waiting, least):
    """The core alone is so many times as fast as another engine, wherever it is slowest."""
    def judge(results):
        ratios = [quotient(results.median("core", row, other), results.median("core", row, ours))
                  for row in results.raw.get("core", {})
                  if row.endswith("agents") and int(row.split()[0].replace(",", "")) in waiting]
        if not ratios or None in ratios:
            return Line(text, "–", "", None)
        return Line(text, times(min(ratios)), "%s at best" % times(max(ratios)),
                    min(ratios) >= least)
    return judge


def limit(text, other):
    """How many times another server's rate the bytes of a life cycle alone would be, and with the
    core alone beside: what no implementation of these frames and files could pass."""
    def judge(results):
        theirs = [results.median("waiting-0", name, "server_cpu_us") for name in other]
        bytes_us = results.median("waiting-0", "the bytes alone", "server_cpu_us")
        core_ns = results.median("core", "1,000 waiting, 1,000 agents", "core")
        if None in theirs or bytes_us is None:
            return Line(text, "–", "", COMPARED)
        with_core = "" if core_ns is None else "%s with the core" % times(
            min(theirs) / (bytes_us + core_ns / 1000))
        return Line(text, times(min(theirs) / bytes_us), with_core, COMPARED)
    return judge


def latency_targets(scale):
    low = "%s/s" % format(scale.rate, ",")
    rate = "acdd, " + low
    half = "acdd, half of the most"
    alone = "syncs alone, %s"
    awake = ", awake"
    return [
        no_worse("durable: p99 at most 1.1 × that with a sync that blocks", half,
                 half + ", sync that blocks", "offer_p99_us", 1.1),
        within("half of the most: p50 ≤ 1.5 × round trip and sync", half, "p50_us", "p50_us", 1.5),
        within("half of the most, awake: p50 ≤ 1.5 × round trip and sync", half + awake, "p50_us",
               "p50_us", 1.5),
        sync_limit("half of the most: p50 with syncs alone", alone % "half of the most", "p50_us"),
        within("half of the most: p99 ≤ 3 × their p50", half, "p99_us", "p50_us", 3),
        within("half of the most: p99 ≤ 3 × their p99", half, "p99_us", "p99_us", 3),
        within("half of the most, awake: p99 ≤ 3 × their p99", half + awake, "p99_us", "p99_us", 3),
        sync_limit("half of the most: p99 with syncs alone, to their p50",
                   alone % "half of the most", "p99_us"),
        within("%s: p50 ≤ 1.5 × round trip and sync" % low, rate, "p50_us", "p50_us", 1.5),
        within("%s, awake: p50 ≤ 1.5 × round trip and sync" % low, rate + awake, "p50_us",
               "p50_us", 1.5),
        sync_limit("%s: p50 with syncs alone" % low, alone % low, "p50_us"),
    ]


def targets(scale):
    empty = "waiting-0"
    return [
        at_least("nothing waiting: ≥ 2 × gearmand", empty, "acdd", GEARMANDS, 2),
        limit("nothing waiting: the bytes alone, to gearmand", GEARMANDS),
        limit("nothing waiting: the bytes alone, to ZADD, ZPOPMIN with a record", ["redis-zset"]),
        limit("nothing waiting: the bytes alone, to the minimal Lua pop", ["redis-minimal"]),
        limit("nothing waiting: the bytes alone, to the full Lua distributor", ["redis-full"]),
        limit("nothing waiting: the bytes alone, to beanstalkd", ["beanstalkd"]),
        at_least("one connection: ≥ 2 × gearmand", "connections-1", "acdd", GEARMANDS, 2),
        at_least("nothing waiting: ≥ 30 × beanstalkd", empty, "acdd", ["beanstalkd"], 30),
        at_least("nothing waiting: ≥ 40 × the full Lua distributor", empty, "acdd",
                 ["redis-full"], 40),
        at_least("nothing waiting: ≥ 12 × the minimal Lua pop", empty, "acdd", ["redis-minimal"],
                 12),
        at_least("nothing waiting: ≥ 8 × ZADD, ZPOPMIN with a record", empty, "acdd",
                 ["redis-zset"], 8),
        at_least("nothing waiting: ≥ 8 × ZADD, ZPOPMIN alone", empty, "acdd", ["redis-bare"], 8),
        rate_of("nothing waiting: ≥ 1,000,000/s (on the reference machine)", empty, "acdd", 1e6),
        at_least("1,000,000 waiting: ≥ 0.7 × nothing waiting", GREATEST, "acdd",
                 ["acdd, nothing waiting"], 0.7),
        at_least("1,000,000 waiting: ≥ 5 × gearmand with its table tuned", GREATEST, "acdd",
                 [GEARMANDS[0]], 5),
        at_least("durable: ≥ 100 × beanstalkd with a sync each write", "durable",
                 "acdd, sync always", ["beanstalkd -f0"], 100),
        at_least("durable: ≥ 15 × the full Lua distributor with a sync each turn", "durable",
                 "acdd, sync always", ["redis-full, fsync always"], 15),
        at_least("durable: ≥ 0.4 × in memory", "durable", "acdd, sync always",
                 ["acdd, sync never"], 0.4),
        at_least("durable, many: ≥ 0.75 × in memory", "durable", "acdd, sync always, many",
                 ["acdd, sync never, many"], 0.75),
        rate_of("durable: ≥ 500,000/s (on the reference machine)", "durable", "acdd, sync always",
                5e5),
        at_least("a connection an agent, TCP: bound within 1.3 ×", "agents", "acdd, TCP",
                 ["bound, TCP"], 1 / 1.3),
        at_least("a connection an agent, unix: bound within 1.3 ×", "agents", "acdd, unix",
                 ["bound, unix"], 1 / 1.3),
        at_least("a connection an agent: io_uring ≥ 1.5 × epoll", "agents", "acdd, TCP, io_uring",
                 ["acdd, TCP"], 1.5),
        at_least("the echo server: io_uring to epoll", "agents", "bound, TCP, io_uring",
                 ["bound, TCP"], None),
        *latency_targets(scale),
        memory("memory: ≤ 128 bytes a waiting contact besides its payload", "acdd", scale.payload,
               128),
        at_least("publishing to Redis: ≥ 0.9 × without", "publishing", "acdd, published",
                 ["acdd, not published"], 0.9),
        rate_of("recovery: ≥ 2,000,000 commands/s", "recovery", "acdd", 2e6),
        at_most("idle: one wake-up a second, at most 66 a minute", "idle", "wakeups", 66),
        at_most("idle: at most 16 MiB with default limits, in KiB", "idle", "rss_kib", 16384),
        core("core: within 2 × of bare lists", "core", "prototype", (1e3, 1e5, 1e6), 1 / 2),
        core("core: ≥ 2 × a heap, 100,000 waiting", "core", "glib", (1e5,), 2),
        core("core: ≥ 3 × a heap, 1,000,000 waiting", "core", "glib", (1e6,), 3),
        at_most("core: instructions within 10 % by how many wait or work", "core", "percent", 10,
                row="instructions"),
    ]
