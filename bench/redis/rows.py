# SPDX-License-Identifier: Apache-2.0
"""What is measured of publishing, as sections of rows."""

import contextlib
import csv
import re
import shutil
import signal
import time
from statistics import median

import ours
import servers
from figures import number
from rounds import Section, say
from store import Full, Paused, Progress, Slow, Stopped, Trouble, level, resp, speed
from world import READER_CORE, TENANT, cpu_ns, rss_kib

PLAIN = "XADD, one event each"
LIVE, BACKLOG = "acdd, as it happens", "acdd, a backlog"
HEALTHY, AGAIN = "without trouble", "without trouble, again"
# Each trouble beside a run without.
TROUBLES = {"stopped": Stopped, HEALTHY: Trouble, "paused": Paused, "1 kB/s": Slow,
            AGAIN: Trouble, "full": Full}
BESIDE = {"stopped": HEALTHY, "paused": HEALTHY, "1 kB/s": AGAIN, "full": AGAIN, AGAIN: HEALTHY}
SYNCS = ("never", "always")
NOT_PUBLISHED, PUBLISHED = "not published", "published"
PIPELINES = (16, 32, 64, 128, 256, 512)
CONNECTIONS = (50, 8, 1)


#
# What publishing costs the matching.
#


def cost_row(world, sync, is_publishing):
    def measure():
        with world.floor(sync, is_publishing=is_publishing) as (floor, _):
            run = floor.closed()
            if is_publishing:
                run["lag"] = floor.lag()
            if is_publishing and world.scale.drains:
                floor.until(floor.is_fed)
                floor.check()
            return run
    return measure


def cost_section(world):
    rows = {"%s, sync %s" % (name, sync): cost_row(world, sync, name == PUBLISHED)
            for sync in SYNCS for name in (NOT_PUBLISHED, PUBLISHED)}
    return Section("cost", "what publishing costs the matching", rows,
                   "A closed loop, %s in flight." % number(world.scale.window))


def rate_of(world, sync):
    """Life cycles a second of a closed loop that is published, as measured above or now."""
    if world.scale.most:
        return world.scale.most
    if sync not in world.rates:
        runs = world.raw.get("cost", {}).get("%s, sync %s" % (PUBLISHED, sync)) or [
            cost_row(world, sync, True)() for _ in range(min(3, world.scale.rounds))]
        world.rates[sync] = median(run["rate"] for run in runs)
    return world.rates[sync]


#
# How fast.
#


def spent(floor):
    return [cpu_ns(floor.pid), cpu_ns(floor.store.server.pid)]


def published(floor, watch, before):
    """How fast a stream grew, when it has all, and what an event took of processors."""
    end = floor.last()
    watch.wait_for(end)
    acdd, redis = (after - then for after, then in zip(spent(floor), before))
    told = floor.check()
    count = end - floor.first
    return {"rate": speed(watch.end(), floor.first, end), "acdd_ns": acdd / count,
            "redis_ns": redis / count, "bytes": told["bytes"] / told["events"], "events": count}


def live_row(world):
    """The stream grows under full load: a closed loop, nothing synced."""
    def measure():
        with world.floor("never") as (floor, _):
            before = spent(floor)
            watch = Progress(floor.store, world.scale.look_s)
            floor.closed()
            run = published(floor, watch, before)
            if world.scale.drains:
                floor.check_noticed()
            return run
    return measure


def backlog_row(world):
    """Redis was away while so many contacts came and went; then it is there, and empty."""
    def measure():
        with world.floor("never", Stopped) as (floor, trouble):
            trouble.begin()
            floor.load("--in-flight", world.scale.window, "--count", world.scale.backlog)
            trouble.end()
            before = spent(floor)
            watch = Progress(floor.store, world.scale.look_s)
            return published(floor, watch, before)
    return measure


def plain_run(world, pipeline, connections, count):
    """redis-benchmark at a server with a core of its own."""
    size = round(world.event_size)
    with servers.running(servers.redis("--appendonly", "no"), world.where, "unix") as server:
        before = cpu_ns(server.pid)
        said = servers.run_load([
            servers.find("redis-benchmark"), "-s", server.address.removeprefix("unix:"), "-P",
            pipeline, "-c", connections, "-n", count, "--csv", "XADD", "plain", "*", "event",
            "x" * size])
        took = cpu_ns(server.pid) - before
        rate = float(list(csv.reader(said.strip().splitlines()))[-1][1])
        with contextlib.closing(resp.Connection(server.address)) as ask:
            have = ask("XLEN", "plain")
        if have < count:
            raise servers.Failure("redis-benchmark added %d of %d entries" % (have, count))
        return {"rate": rate, "redis_ns": took / have, "bytes": size, "events": have}


def tune_plain(world):
    """-P and -c with which redis-benchmark does best."""
    if world.event_size == 0:
        live_row(world)()
    count = world.scale.plain // 4

    def best(candidates):
        rates = {one: plain_run(world, *one, count)["rate"] for one in candidates}
        return max(rates, key=rates.get)

    many = world.scale.plain_connections
    pipeline, _ = best([(pipeline, many[0]) for pipeline in world.scale.pipelines])
    world.plain = best([(pipeline, connections) for connections in many])
    say("redis-benchmark: -P %d -c %d" % world.plain)


def plain_row(world):
    def measure():
        if world.plain is None:
            tune_plain(world)
        return plain_run(world, *world.plain, world.scale.plain)
    return measure


def speed_section(world):
    rows = {LIVE: live_row(world), BACKLOG: backlog_row(world), PLAIN: plain_row(world)}
    return Section("speed", "events a second into a stream", rows,
                   "The last row is redis-benchmark with the pipeline and the connections that do "
                   "best, an entry of the size of an event each, at a server that has a core for "
                   "itself. The others share theirs as the machine allows; the time of acdd is in "
                   "the first row all that it does, matching included, and in the second that of "
                   "publishing alone.")


#
# How late.
#


def delay_row(world, sync, rate):
    def measure():
        with world.floor(sync) as (floor, _):
            words = [world.build / "bench/redis/stream_delay", floor.store.address, TENANT,
                     ours.address_of(floor.server), "--warm", world.scale.warm_s, "--seconds",
                     world.scale.seconds]
            with servers.Load(words, READER_CORE) as reader:
                reader.line()
                run = floor.open(rate())
                floor.until(floor.is_fed)
                told = servers.parse(reader.end(signal.SIGTERM))
            if world.scale.drains:
                floor.check()
            if told["events"] == 0:
                raise servers.Failure("nobody read an event: %s" % told)
            return run | told
    return measure


def delay_section(world):
    rows = {}
    for sync in world.scale.syncs:
        rows["%s/s, sync %s" % (number(world.scale.rate), sync)] = delay_row(
            world, sync, lambda: world.scale.rate)
        rows["half of the most, sync %s" % sync] = delay_row(
            world, sync, lambda sync=sync: rate_of(world, sync) / 2)
    return Section("delay", "from what happened to who reads the stream, in microseconds", rows,
                   "Of each event: core time when a blocked XREAD has returned it, less the "
                   "event's own. The daemon reads core time once a turn, before it decides; so "
                   "the number contains the decision, the commit (and its sync), the round to "
                   "Redis that was under way, the one that has the event, and "
                   "the way to the reader. On a machine of two cores the load, Redis and the "
                   "reader share one of them, and most of the number is waiting for it. Beside "
                   "it: submit to offer as the load saw it in the same run.")


#
# Whether matching notices.
#


def trouble_row(world, trouble_class, sync, rate=None):
    """A run of matching while something is wrong with Redis; and what comes of it."""
    count = 0

    def measure():
        nonlocal count
        count += 1
        with world.floor(sync, trouble_class) as (floor, trouble):
            before = rss_kib(floor.pid)
            trouble.begin()
            run = floor.closed() if rate is None else floor.open(rate())
            run |= {"rss_before_kib": before, "rss_kib": rss_kib(floor.pid),
                    "lag": floor.lag()}
            if trouble_class is not Trouble and run["lag"] == 0:
                raise servers.Failure("Redis was in trouble, and has everything: %s" % run)
            trouble.end()
            if count == 1 or world.is_trimming:
                floor.until(floor.is_fed)
                run["same"] = floor.check()["events"]
            return run
    return measure


def independence_section(world, key, title, sync, rate=None):
    rows = {name: trouble_row(world, trouble, sync, rate) for name, trouble in TROUBLES.items()}
    return Section("independence-" + key, "Redis in trouble: " + title, rows,
                   "Each trouble lasts as long as the run. Changes are medians over rounds, each "
                   "against the run without trouble beside it in the same round; *spread* is twice "
                   "the median difference between the two runs without trouble of a round.",
                   rounds=world.settings.rounds or world.scale.pairs)


def independence_sections(world):
    return [
        independence_section(world, "never", "a closed loop, sync never", "never"),
        independence_section(world, "always", "a closed loop, sync always", "always"),
        independence_section(world, "open", "half of the most, sync always", "always",
                             lambda: rate_of(world, "always") / 2),
    ]


#
# Whether it catches up.
#


def catch_up_row(world):
    """Redis does nothing for a while, at a fraction of the most; then it does again."""
    scale = world.scale

    def measure():
        with world.floor("never", Paused) as (floor, trouble):
            rate = rate_of(world, "never") * scale.fraction
            with floor.start_open(rate, scale.away_s + scale.back_s) as load:
                floor.until(floor.is_busy)
                begin = floor.last()
                trouble.begin()
                floor.wait(scale.away_s)
                middle = time.monotonic(), floor.last()
                trouble.end()
                watch = Progress(floor.store, scale.look_s / 4)
                run = ours.Acdbench.told(load.end())
            end = floor.last()
            watch.wait_for(end)
            incoming = run["rate"] * (end - floor.first) / run["submitted"]
            behind = middle[1] - begin
            seen = level(watch.end(), middle, incoming, behind / 50)
            floor.check()
            rate = speed(seen, begin, seen[-1][1])
            return {"events": behind, "incoming": incoming, "rate": rate,
                    "times": rate / incoming if rate else None}
    return measure


def catch_up_section(world):
    return Section("catch-up", "catching up while contacts come", {
        "%g of the most" % world.scale.fraction: catch_up_row(world),
    }, "An open loop; Redis is paused by SIGSTOP, and goes on. The rate is that of the stream from "
        "then on until it has all, what comes in meanwhile included.", rounds=world.scale.few)


#
# Instructions.
#


def instructions_of(world, directory, is_publishing, count):
    """Of a daemon's life with so many contacts."""
    out = directory / "callgrind.out"
    with contextlib.ExitStack() as stack:
        options = ()
        if is_publishing:
            redis = stack.enter_context(servers.running(
                servers.redis("--appendonly", "no"), world.where, "unix", core=1))
            options = ("--redis", redis.address)
        command = world.acdbench.daemon("--sync", "never", *options)

        def under(address, data):
            return ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s" % out,
                    *command(address, data)]

        server = stack.enter_context(servers.running(under, world.where))
        servers.run_load([*world.acdbench.words(world, server), "--agents", world.scale.agents,
                          "--in-flight", world.scale.window, "--count", count])
    return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))


def instructions_row(world, is_publishing):
    """More contacts less fewer, so that start and floor do not count."""
    def measure():
        directory = world.where / "instructions"
        directory.mkdir(exist_ok=True)
        few, many = world.scale.counted
        try:
            took = [instructions_of(world, directory, is_publishing, count)
                    for count in (few, many)]
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return {"instructions": (took[1] - took[0]) / (many - few)}
    return measure


def instructions_section(world):
    rows = {name: instructions_row(world, name == PUBLISHED)
            for name in (NOT_PUBLISHED, PUBLISHED)}
    return Section("instructions", "instructions of the daemon a life cycle", rows,
                   "Counted by callgrind: a run of %s life cycles less one of %s. Where a turn "
                   "has fewer of them than without callgrind, both have more." % (
                       number(world.scale.counted[1]), number(world.scale.counted[0])),
                   rounds=world.scale.few)


def sections(world):
    return [cost_section(world), speed_section(world), delay_section(world),
            *independence_sections(world), catch_up_section(world), instructions_section(world)]
