# SPDX-License-Identifier: Apache-2.0
"""What operators do with tenants, over what becomes of connections: no event is missing,
none comes twice, in the streams of tenants that are no more as well.
"""

import pathlib
import shutil

import eventlog
import follow
import rig
from harness import DEADLINE_S, DONE, check
from server import until

MAKE = "tenants: {gamma: {skills: [x]}}\n"
UNMAKE = ("tenants: {gamma: {remove: {skills: [x]}}}\n", "remove: {tenants: [gamma]}\n")


def apply(floor, text):
    floor.acdctl("apply", "-", stdin=text).expect(DONE)


def check_all(floor, redis, *tenants):
    """The number of entries that all of them have had."""
    floor.until_fed()
    return len(floor.compare(redis, tenants))


def case_come_and_go(world):
    redis = world.server().start()
    with world.floor(redis.unix, tenants=()) as floor:
        apply(floor, "skills: [a]\n")
        entries = 0
        for round_ in range(6):
            apply(floor, MAKE)
            if round_ % 3 == 1:
                floor.daemon.kill()
                floor.daemon.start()
            for text in UNMAKE:
                apply(floor, text)
            check_all(floor, redis, "default", "gamma")
            if round_ % 3 == 0:
                redis.cut()
            elif round_ % 3 == 2:
                floor.acdctl("stop", "--fast").expect(DONE)
                floor.daemon.process.wait(DEADLINE_S)
                floor.daemon.start()
            apply(floor, "skills: [s%d]\n" % round_)
            more = check_all(floor, redis, "default", "gamma")
            check(more > entries, "nothing came")
            entries = more


def case_killed(world):
    """With what Redis had and, as a new disk would be, without."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=()) as floor:
        apply(floor, "skills: [a]\n")
        for round_ in range(4):
            floor.until_fed()
            redis.kill()
            if round_ % 2 == 1:
                shutil.rmtree(pathlib.Path(redis.directory) / "appendonlydir")
            for number in range(5):
                apply(floor, "skills: [k%d-%d]\n" % (round_, number))
            until(lambda: floor.redis()["state"] == "connecting" and
                  floor.redis()["lag_events"] >= 5, "Redis is away")
            redis.start()
            check_all(floor, redis, "default")


def case_made_and_removed_while_away(world):
    """What a tenant was is published although it is no more, and nobody ever asked for it."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=()) as floor:
        apply(floor, "skills: [a]\n")
        floor.until_fed()
        redis.kill()
        for text in (MAKE, *UNMAKE):
            apply(floor, text)
        redis.start()
        check_all(floor, redis, "default", "gamma")


def case_places_used_again(world):
    """Tenants come and go under a few names, in places that were others' before. None of their
    streams is anybody else's."""
    redis = world.server().start()
    with world.floor(redis.unix, "--limit-tenant-count-max", 3, tenants=()) as floor:
        for round_ in range(12):
            name = "g%d" % (round_ % 5)
            if round_ % 4 == 3:
                redis.cut()
            apply(floor, "tenants: {%s: {skills: [x]}}\n" % name)
            floor.until_fed()
            if round_ % 4 == 1:
                connects = floor.metrics()["redis_connects_total"]
                redis.cut()
                until(lambda: floor.metrics()["redis_connects_total"] > connects, "a connection")
            apply(floor, "tenants: {%s: {skills: [y]}}\n" % name)
            floor.until_fed()
            apply(floor, "tenants: {%s: {remove: {skills: [x, y]}}}\n" % name)
            apply(floor, "remove: {tenants: [%s]}\n" % name)
            floor.until_fed()
        for name in ("g0", "g1", "g2", "g3", "g4"):
            check_told(redis, name)
        check(floor.metrics()["redis_foreign_total"] == 0, "a stream of ours was another's")


def check_told(redis, tenant):
    """Where something is missing in its stream, a resync says so."""
    next_ = 1
    for added in follow.read(redis, tenant):
        if added.field == "resync":
            next_ = None
            continue
        _name, _epoch, first, last = eventlog.head(added.body)
        check(next_ in (None, 1, first), "%s: event %d comes after event %d, and no resync says so",
              tenant, first, (next_ or 1) - 1)
        next_ = last + 1


if __name__ == "__main__":
    rig.main(globals())
