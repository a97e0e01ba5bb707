# SPDX-License-Identifier: Apache-2.0
"""What the daemon does while it can do nothing: it rests, and goes on by itself. A daemon
that waits for Redis and turns as fast as it can is right about everything else.
"""

import time

import eventlog
import follow
import rig
from harness import check
from retention import SMALL_LOG, overflow
from server import FORGETFUL, until

KEY = follow.key_of("alpha")
STATE = "acd:{alpha}:state"
SEQUENCE = 3  # of a TenantState
MANY_TENANTS = 40
STATES_A_SECOND = 2  # of a tenant
WATCH_S = 3
RETRIES = 8  # a second, at most
BUSY = 200  # turns a second; resting takes a tenth of that


def check_rests(floor, says):
    """What it does in some seconds: the one oracle of this file that is a stretch of time."""
    begin, before = time.monotonic(), floor.metrics()["turns_total"]
    until(lambda: time.monotonic() - begin >= WATCH_S, "time passes")
    turns = floor.metrics()["turns_total"] - before
    check(turns < WATCH_S * BUSY, "%s: the daemon turns %d times in %d seconds", says, turns,
          WATCH_S)


def idle(floor, redis):
    """Everything is in Redis, and nothing happens."""
    floor.stop()
    something(floor, "idle")
    floor.until_fed()
    until(lambda: floor.is_level(redis, "alpha"), "Redis has the last event")


def something(floor, name):
    """One event."""
    floor.acdctl("apply", "-", stdin="tenants: {alpha: {skills: [%s]}}\n" % name).expect(0)


def is_current(floor, redis):
    """Does the state in Redis reflect the last event?"""
    fields = dict(eventlog.fields(redis("GET", STATE) or b""))
    return fields.get(SEQUENCE) == floor.last("alpha")


def case_standing_still(world):
    """A round is on its way, and nobody answers."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        floor.start()
        floor.until_begun()
        idle(floor, redis)
        redis.pause()
        something(floor, "a")
        until(lambda: floor.redis()["lag_events"] > 0, "an event waits")
        check_rests(floor, "Redis stands still")
        redis.resume()
        floor.settle(redis)


def case_full(world):
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        floor.start()
        floor.until_begun()
        idle(floor, redis)
        redis.configure("maxmemory", 1)
        something(floor, "a")
        floor.until_told("OOM")
        check_rests(floor, "Redis is full")
        redis.configure("maxmemory", 0)
        floor.settle(redis)


def case_after_a_resync(world):
    """States come as before."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix, *SMALL_LOG) as floor:
        overflow(floor)
        floor.start()
        floor.until_begun()
        redis("FLUSHALL")
        until(lambda: redis("EXISTS", KEY), "the stream begins again")
        until(lambda: redis("EXISTS", STATE), "a state, too")
        idle(floor, redis)
        check_rests(floor, "a resync was sent")
        before = redis("GET", STATE)
        something(floor, "a")
        until(lambda: redis("GET", STATE) != before, "a new state")
        floor.settle(redis, resyncs=1)
        check(floor.metrics()["redis_stale_ids_total"] == 0, "a resync was said more than once")


def written(status):
    return status["metrics"]["redis_states_total"]


def case_state_under_load(world):
    """States are not for quiet times only."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        floor.start(3000)
        floor.until_begun()
        begin = floor.status(None, "--metrics")
        for _ in range(10):
            before = redis("GET", STATE)
            until(lambda: redis("GET", STATE) != before, "a new state", deadline_s=2)
        end = floor.status(None, "--metrics")
        rig.check(written(end) - written(begin) <= STATES_A_SECOND * 2 * (
            end["uptime_ms"] - begin["uptime_ms"]) / 1000 + 2, "too many states: %s, %s", begin,
                  end)
        floor.settle(redis)


def case_many_tenants(world):
    """All of them have their state soon after the start, and are looked at soon."""
    redis = world.server(*FORGETFUL).start()
    tenants = ["t%d" % number for number in range(MANY_TENANTS)]
    with world.floor(redis.unix, "--limit-tenant-count-max", 2 * MANY_TENANTS,
                     "--limit-channel-count-max", 32 * MANY_TENANTS, tenants=()) as floor:
        floor.acdctl("apply", "-", stdin="tenants:\n" + "".join(
            "  %s: {skills: [x]}\n" % tenant for tenant in tenants)).expect(0)
        floor.until_fed()
        floor.daemon.kill()
        redis.kill()
        floor.daemon.start()
        redis.start()
        keys = ["acd:{%s}:state" % tenant for tenant in tenants]
        until(lambda: redis("EXISTS", *keys) == len(keys), "all have their state", deadline_s=3)
        redis("DEL", *map(follow.key_of, tenants))
        until(lambda: redis("EXISTS", *map(follow.key_of, tenants)) == len(keys),
              "all have their stream again", deadline_s=2 * MANY_TENANTS / 16 + 3)


def case_emptied_at_rest(world):
    """The state comes again although nothing happens."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix) as floor:
        floor.start()
        floor.until_begun()
        idle(floor, redis)
        until(lambda: is_current(floor, redis), "the state is of now")
        redis("FLUSHALL")
        until(lambda: is_current(floor, redis), "the state again")
        floor.settle(redis)


def case_quiet_for_long(world):
    """Of a tenant that is quiet, the event log has nothing any more; its stream is ours."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix, *SMALL_LOG, tenants=("alpha", "beta")) as floor:
        floor.start()
        floor.until_begun()
        floor.loads["beta"].stop()
        floor.loads["alpha"].stop()
        overflow_other(floor)
        floor.until_fed()
        something(floor, "a")
        floor.until_fed()
        mark = floor.mark()
        redis.cut()
        until(lambda: floor.metrics()["redis_connects_total"] >
              mark.metrics["redis_connects_total"], "a new connection")
        check_rests(floor, "a tenant is quiet")
        check("redis_stream_changed" not in floor.log(mark.log_size), "%s",
              floor.log(mark.log_size)[-2000:])
        check(floor.redis()["lag_events"] == 0, "%s", floor.redis())


def case_refused_for_good(world):
    """A command is not there. The daemon comes back, but seldom."""
    redis = world.server(*FORGETFUL, "--rename-command", "XADD", "").start()
    with world.floor(redis.unix) as floor:
        something(floor, "a")
        floor.until_told("unknown command")
        begin, before = time.monotonic(), floor.metrics()["redis_connects_total"]
        until(lambda: time.monotonic() - begin >= WATCH_S, "time passes")
        connects = floor.metrics()["redis_connects_total"] - before
        check(connects < WATCH_S * RETRIES, "%d connections in %d seconds", connects, WATCH_S)


def case_id_of_the_past(world):
    """An id below all that the event log has, of an epoch that is above its first: nothing could
    be added behind it."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix, *SMALL_LOG) as floor:
        overflow(floor)
        for _ in range(2):
            floor.daemon.kill()
            floor.daemon.start()
        floor.until_fed()
        redis("DEL", KEY)
        redis("XADD", KEY, "2-5", "batch", "x")
        redis.cut()
        floor.until_told("2-5, which this daemon never wrote")
        check_rests(floor, "a stream is foreign")
        check(redis("XLEN", KEY) == 1, "something was added")


def overflow_other(floor):
    """Until the log has nothing of beta."""
    def first():
        return floor.status("beta")["journal"]["event_first_sequence"]

    for _ in range(20):
        if first() > floor.last("beta"):
            return
        overflow(floor)
    check(False, "the event log keeps everything")


if __name__ == "__main__":
    rig.main(globals())
