# SPDX-License-Identifier: Apache-2.0
"""What Redis had, it has no more: its tail, a stream, everything. It is added again, the
same bytes under the same ids.
"""

import contextlib

import eventlog
import follow
import rig
from server import FORGETFUL, until

KEY = "acd:{alpha}:events"


def more(redis, count, key=KEY):
    """So many more entries than now."""
    before = redis("XLEN", key)
    until(lambda: redis("XLEN", key) >= before + count, "%s gets %d more entries", key, count)


def begun(floor, rate=rig.RATE):
    floor.start(rate)
    floor.until_begun()


def lose_tail(redis):
    """It is killed, and knows what it knew when it saved."""
    redis("SAVE")
    more(redis, 100)
    redis.kill()


def check_told(floor, before, event, counter):
    """Log and counter say what happened."""
    floor.check_logged(before, event + " tenant=alpha ")
    floor.check_counted(before, {counter})


def case_tail(world):
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        before = floor.mark()
        for _ in range(3):
            lose_tail(redis)
            floor.until_told(rig.CUT)
            away = floor.mark()
            floor.until_served(away)
            back = floor.mark()
            redis.start()
            had = redis("XLEN", KEY)
            until(lambda: redis("XLEN", KEY) > had + 100, "what was lost is added again")
        check_told(floor, before, "redis_lost_tail", "redis_lost_tail_total")
        floor.settle(redis, served=(away, back))


def case_tail_unseen(world):
    """It goes while the connection stays, and more comes before anybody looks. Nothing can fill
    the hole; readers are told to begin anew."""
    redis = world.server(*FORGETFUL, "--enable-debug-command", "yes").start()

    def noticed():
        now = floor.metrics()
        return now["redis_stream_holes_total"] + now["redis_lost_tail_total"]

    with world.floor(redis.unix) as floor:
        begun(floor, 400)
        before = floor.mark()
        while floor.metrics()["redis_stream_holes_total"] == 0:
            so_far = noticed()
            redis("SAVE")
            more(redis, 50)
            redis("DEBUG", "RELOAD", "NOSAVE")
            until(lambda: noticed() > so_far, "it is noticed")
        floor.check_logged(before, "redis_stream_hole tenant=alpha .*lost entries")
        check_after_resync(floor, redis)


@contextlib.contextmanager
def intruded(world):
    """Redis counts one entry more than we added: somebody else's. It is noticed, and not said yet,
    since nothing happens."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        floor.stop()
        floor.until_fed()
        before = floor.mark()
        told = dict(zip(*[iter(redis("XINFO", "STREAM", KEY))] * 2))
        redis("XSETID", KEY, told[b"last-generated-id"], "ENTRIESADDED",
              told[b"entries-added"] + 1, "MAXDELETEDID", "0-0")
        until(lambda: floor.metrics()["redis_stream_holes_total"] == 1, "it is noticed")
        floor.check_logged(before, "redis_stream_hole tenant=alpha .*somebody else")
        yield floor, redis


def case_intruder(world):
    """What else goes meanwhile is seen."""
    with intruded(world) as (floor, redis):
        redis("DEL", KEY)
        until(lambda: redis("EXISTS", KEY), "everything comes again although nothing happens")
        floor.settle(redis, holes=1)


def case_intruder_told(world):
    """Readers are told, over another connection too."""
    with intruded(world) as (floor, redis):
        redis.cut()
        floor.start()
        check_after_resync(floor, redis)


def check_after_resync(floor, redis):
    """From the last resync on, the stream is the event log."""
    more(redis, 50)
    floor.stop()
    floor.until_fed()
    stream = follow.read(redis, "alpha")
    resyncs = [i for i, added in enumerate(stream) if added.field == "resync"]
    rig.check(resyncs, "there is no resync")
    follow.check_stream(stream[resyncs[-1]:], "alpha", eventlog.read(floor.daemon.directory /
                        "data"), resyncs=1, is_whole=False)


def case_tail_at_rest(world):
    """Nothing happens while the tail goes: it is added nevertheless."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        redis("SAVE")
        more(redis, 50)
        floor.stop()
        floor.until_fed()
        length = redis("XLEN", KEY)
        redis.kill()
        redis.start()
        until(lambda: redis("XLEN", KEY) == length, "the stream is as long as before")
        floor.settle(redis)


def case_deleted_at_rest(world):
    """While its tenant is quiet, nobody cuts a connection."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        begun(floor)
        floor.stop()
        floor.until_fed()
        before = floor.mark()
        for key in (KEY, "acd:{beta}:events"):
            length = redis("XLEN", key)
            redis("DEL", key)
            until(lambda: redis("XLEN", key) == length, "%s is as long as before", key)
        check_told(floor, before, "redis_stream_gone", "redis_stream_gone_total")
        floor.settle(redis)


def case_deleted_under_load(world):
    redis = world.server().start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        begun(floor, 400)
        before = floor.mark()
        for _ in range(5):
            redis("DEL", KEY)
            more(redis, 100)
        check_told(floor, before, "redis_stream_gone", "redis_stream_gone_total")
        floor.settle(redis)


def case_flushed(world):
    redis = world.server().start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        begun(floor)
        before = floor.mark()
        for _ in range(3):
            redis("FLUSHALL")
            more(redis, 50)
        floor.stop()
        floor.until_fed()
        redis("FLUSHALL")
        until(lambda: redis("EXISTS", KEY), "everything comes again although nothing happens")
        check_told(floor, before, "redis_stream_gone", "redis_stream_gone_total")
        floor.settle(redis)


def case_renamed(world):
    """Put aside by an operator: the stream begins anew, the copy is not touched."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        redis("RENAME", KEY, "aside")
        length = redis("XLEN", "aside")
        until(lambda: redis("EXISTS", KEY) and redis("XLEN", KEY) > length, "a new stream")
        rig.check(redis("XLEN", "aside") == length, "the copy was changed")
        floor.settle(redis)


def case_emptied(world):
    """Somebody trimmed it to nothing. Its last id is still known, and it goes on behind it."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        redis("XTRIM", KEY, "MAXLEN", 0)
        more(redis, 50)
        floor.settle(redis, is_whole=False)


def case_emptied_by_reconnect(world):
    """The same, seen when connecting."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        begun(floor)
        floor.stop()
        floor.until_fed()
        redis("XTRIM", KEY, "MAXLEN", 0)
        redis.cut()
        floor.start()
        more(redis, 50)
        floor.settle(redis, is_whole=False)


def case_daemon_killed(world):
    """kill -9 of the daemon, with Redis there and away."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        begun(floor)
        floor.restart()
        more(redis, 50)
        redis.kill()
        floor.until_served(floor.mark())
        floor.restart()
        floor.until_served(floor.mark())
        redis.start()
        more(redis, 50)
        floor.settle(redis)


if __name__ == "__main__":
    rig.main(globals())
