# SPDX-License-Identifier: Apache-2.0
"""Streams that are not ours to go on with: a newer run wrote there, somebody else did, the
key is of another type. That tenant's publishing stops and everybody is told why; the
other tenants go on; when an operator has put the key aside, the tenant goes on as well.
"""

import shutil
import typing

import eventlog
import follow
import rig
import states
from harness import check
from server import until

LOOKED_AT_AGAIN_S = 45  # every 10 s
CONNECTED_S = 15        # with each connection: not so late
TENANTS = ("fenced", "foreign", "mistyped", "bystander")


class Wrong(typing.NamedTuple):
    """What is wrong with a tenant's stream."""

    tenant: str
    words: tuple
    says: str
    counter: str


def key_of(tenant):
    return follow.key_of(tenant)


def wrongs(floor):
    epoch = floor.status()["epoch"]
    last = floor.last("foreign")
    return (Wrong("fenced", ("XADD", key_of("fenced"), "%d-1" % (epoch + 1), "batch", "x"),
                  "newer|fenced|epoch", "redis_fenced_total"),
            Wrong("foreign", ("XADD", key_of("foreign"), "%d-%d" % (epoch, last + 10 ** 9),
                              "greeting", "hello"), "foreign|never wrote",
                  "redis_foreign_total"),
            Wrong("mistyped", ("SET", key_of("mistyped"), "hello"),
                  "type|WRONGTYPE", "redis_wrong_type_total"))


def spoil(redis, wrong):
    if wrong.tenant == "mistyped":
        redis("DEL", key_of(wrong.tenant))
    redis(*wrong.words)


def until_stopped(floor, wrong, since):
    """Log and counters say that this tenant is not published, and why."""
    until(lambda: any(wrong.tenant in line and "level=error" in line and "redis" in line
                      for line in floor.log(since.log_size).splitlines()),
          "an error about %s in the log", wrong.tenant)
    line = next(line for line in floor.log(since.log_size).splitlines()
                if wrong.tenant in line and "level=error" in line)
    check(rig.re.search(wrong.says, line), "the log does not say %s: %s", wrong.says, line)
    floor.check_counted(since, {wrong.counter})


def check_others(floor, redis, stopped):
    """Whoever is not @stopped gets on."""
    for tenant in set(floor.loads) - set(stopped):
        before = redis("XLEN", key_of(tenant))
        until(lambda: redis("XLEN", key_of(tenant)) > before + 20, "%s goes on", tenant)


def one(world, number):
    """A single tenant's trouble, seen while connected, and healed by a new connection."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=TENANTS) as floor:
        floor.start()
        floor.until_begun()
        wrong = wrongs(floor)[number]
        mark = floor.mark()
        spoil(redis, wrong)
        until_stopped(floor, wrong, mark)
        floor.until_told(wrong.tenant)
        check_others(floor, redis, [wrong.tenant])
        floor.until_served(floor.mark())
        redis("DEL", key_of(wrong.tenant))
        redis.cut()
        until(lambda: redis("EXISTS", key_of(wrong.tenant)), "%s is published again", wrong.tenant,
              deadline_s=CONNECTED_S)
        floor.settle(redis)


def case_fenced(world):
    one(world, 0)


def case_foreign(world):
    one(world, 1)


def case_mistyped(world):
    one(world, 2)


def case_all_seen_when_connecting(world):
    """Three at once, made while the daemon was not there; put aside by an operator, of whom the
    daemon hears by looking again."""
    redis = world.server().start()
    with world.floor(redis.unix, tenants=TENANTS) as floor:
        floor.start()
        floor.until_begun()
        floor.stop()
        floor.until_fed()
        all_ = wrongs(floor)
        floor.daemon.kill()
        all_ = [all_[0]._replace(words=("XADD", key_of("fenced"), "1000000-1", "batch", "x")),
                *all_[1:]]
        for wrong in all_:
            spoil(redis, wrong)
        mark = rig.Mark(len(floor.log().encode()), {}, {})
        floor.daemon.start()
        floor.start()
        for wrong in all_:
            until_stopped(floor, wrong, mark)
        floor.until_told("fenced|foreign|mistyped")
        check_others(floor, redis, [wrong.tenant for wrong in all_])
        for wrong in all_:
            redis("RENAME", key_of(wrong.tenant), "aside:" + wrong.tenant)
        for wrong in all_:
            until(lambda: redis("EXISTS", key_of(wrong.tenant)), "%s is published again",
                  wrong.tenant, deadline_s=LOOKED_AT_AGAIN_S)
        floor.settle(redis)


def case_older_copy(world):
    """A directory is restored from a copy. What runs since then wrote is not in it: nothing is
    published, until the operator says that the past is another one."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        data, copy = floor.daemon.directory / "data", floor.daemon.directory / "copy"
        options = floor.daemon.options
        floor.start()
        floor.until_begun()
        floor.stop()
        floor.until_fed()
        floor.daemon.kill()
        shutil.copytree(data, copy)
        floor.daemon.start()
        floor.loads["alpha"].burst(50)
        floor.until_fed()
        floor.daemon.kill()
        shutil.rmtree(data)
        copy.rename(data)

        mark = rig.Mark(len(floor.log().encode()), {}, {})
        floor.daemon.start()
        until_stopped(floor, Wrong("alpha", (), "alpha", "redis_foreign_total"), mark)
        floor.until_told("alpha")
        length = redis("XLEN", key_of("alpha"))
        floor.loads["alpha"].burst(50)
        check(redis("XLEN", key_of("alpha")) == length, "two histories in one stream")
        floor.daemon.kill()

        floor.daemon.options = (*options, "--new-history")
        floor.daemon.start()
        floor.daemon.options = options
        check(floor.status()["epoch"] > 2 ** 20, "epoch %d", floor.status()["epoch"])
        floor.start()
        floor.until_served(floor.mark())
        floor.stop()
        floor.until_fed()
        states.until_level(floor, redis)
        check_new_history(redis, eventlog.read(data), length)


def check_new_history(redis, entries, length):
    """What readers had is there as it was; then a resync, and the new run's events, all of them."""
    stream = follow.read(redis, "alpha")
    check([added.field for added in stream[length:length + 2]] == ["resync", "batch"],
          "no resync at the beginning of the new history: %s", stream[length:length + 2])
    check(stream[length].epoch > 2 ** 20 or stream[length + 1].epoch > 2 ** 20, "%s",
          stream[length].id)
    ours = {entry.id: entry.body for entry in entries if entry.tenant == "alpha" and
            entry.epoch > 2 ** 20}
    check({added.id: added.body for added in stream[length + 1:]} == ours,
          "the events of this run are not those in the stream")


if __name__ == "__main__":
    rig.main(globals())
