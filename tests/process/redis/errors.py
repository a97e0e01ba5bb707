# SPDX-License-Identifier: Apache-2.0
"""A Redis that refuses for a while, in each of the ways in which a single server can. The
daemon says so, contacts are served on, and afterwards nothing is missing and nothing is
there twice.
"""

import pathlib

import resp
import rig
from server import DURABLE, FORGETFUL, until

KEYS = 3000
AGAIN_S = 5  # the longest wait after many refusals; after one it is a fraction of that
SLOW_START = ("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
FILL = "for i = 1, %d do redis.call('SET', 'other:' .. i, i) end"


def on(world, *options):
    redis = world.server(*options)
    return redis.start()


def refuse(world, redis, cause, cure, says, event="redis_waits|redis_away"):
    with world.floor(redis.unix) as floor:
        floor.start()
        floor.until_begun()
        begin = floor.mark()
        _told, away, back = floor.trouble(cause, cure, says)
        floor.check_logged(begin, "(%s) .*(%s)" % (event, says))
        floor.settle(redis, served=(away, back))


def case_out_of_memory(world):
    redis = on(world)
    refuse(world, redis, lambda: redis.configure("maxmemory", 1),
           lambda: redis.configure("maxmemory", 0), "OOM")


def case_out_of_memory_now_and_then(world):
    """Room comes and goes in the middle of what is on its way: where one entry was refused, the
    next must not be taken."""
    redis = on(world)
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        floor.start(600)
        floor.until_begun()
        for _ in range(15):
            entries = int(redis.info("errorstats").get("errorstat_OOM", "count=0")[6:])
            redis.configure("maxmemory", 1)
            until(lambda: int(redis.info("errorstats").get("errorstat_OOM", "count=0")[6:]) >
                  entries, "something was refused")
            before = redis("XLEN", "acd:{alpha}:events")
            redis.configure("maxmemory", 0)
            until(lambda: redis("XLEN", "acd:{alpha}:events") > before,
                  "Redis is asked again soon after a single refusal", deadline_s=AGAIN_S)
        floor.settle(redis)


def case_failing_save(world):
    """Its snapshot cannot be put in its place, which is a directory; so it takes no writes."""
    redis = on(world, "--appendonly", "no", "--save", "3600 1000000")
    place = pathlib.Path(redis.directory) / "dump.rdb"

    def save(outcome):
        redis("BGSAVE")
        until(lambda: redis.info("persistence")["rdb_bgsave_in_progress"] == "0" and
              redis.info("persistence")["rdb_last_bgsave_status"] == outcome, "a save: %s", outcome)

    def cause():
        place.mkdir()
        save("err")

    def cure():
        place.rmdir()
        save("ok")

    refuse(world, redis, cause, cure, "MISCONF")


def case_loading(world):
    """It comes back with a large file to read."""
    redis = on(world)

    def cause():
        redis("EVAL", FILL % KEYS, 0)
        redis.kill()
        redis.start(*SLOW_START, until_loaded=False)

    def cure():
        until(lambda: redis.info("persistence")["loading"] == "0", "it has loaded")

    refuse(world, redis, cause, cure, "LOADING")


def case_no_replicas(world):
    redis = on(world)
    refuse(world, redis, lambda: redis.configure("min-replicas-to-write", 1),
           lambda: redis.configure("min-replicas-to-write", 0), "NOREPLICAS")


def case_busy(world):
    """Somebody's script does not end."""
    redis = on(world, *DURABLE, "--busy-reply-threshold", "50")
    endless = resp.Connection(redis.unix)
    world.closing(endless)
    refuse(world, redis, lambda: endless.send("EVAL", "while true do end", 0),
           lambda: redis("SCRIPT", "KILL"), "BUSY")


def case_read_only(world):
    """It becomes a replica of a server that has none of it, and a master again."""
    redis = on(world)
    other = world.server(name="other").start()

    def cause():
        redis("REPLICAOF", "127.0.0.1", other.port)
        until(lambda: redis.info("replication")["master_link_status"] == "up", "it follows")

    refuse(world, redis, cause, lambda: redis("REPLICAOF", "NO", "ONE"), "READONLY|not a master")


def case_read_only_said(world):
    """The connection stays, and a write is what is refused."""
    redis = on(world)
    with world.floor(redis.unix) as floor:
        floor.start(400)
        floor.until_begun()
        begin = floor.mark()
        redis("REPLICAOF", "127.0.0.1", world.server(name="other").start().port)
        until(lambda: "READONLY" in floor.log(begin.log_size), "the log says READONLY")
        floor.check_logged(begin, "redis_away .*READONLY")
        floor.check_counted(begin, rig.counters_of("READONLY"))
        redis("REPLICAOF", "NO", "ONE")
        floor.settle(redis)


def case_read_only_and_older(world):
    """The same, with a server that has an older copy."""
    redis = on(world)
    other = world.server(name="other").start()

    def follow(who, whom):
        who("REPLICAOF", "127.0.0.1", whom.port)
        until(lambda: who.info("replication")["master_link_status"] == "up", "it follows")

    def cause():
        follow(other, redis)
        other("REPLICAOF", "NO", "ONE")
        before = redis("XLEN", "acd:{alpha}:events")
        until(lambda: redis("XLEN", "acd:{alpha}:events") > before + 50, "more entries")
        follow(redis, other)

    refuse(world, redis, cause, lambda: redis("REPLICAOF", "NO", "ONE"), "READONLY|not a master")


def case_master_down(world):
    """A replica that has lost its master and says nothing of what it has."""
    redis = on(world)
    other = world.server(name="other").start()
    other.kill()

    def cause():
        redis.configure("replica-serve-stale-data", "no")
        redis("REPLICAOF", "127.0.0.1", other.port)

    refuse(world, redis, cause, lambda: redis("REPLICAOF", "NO", "ONE"),
           "READONLY|MASTERDOWN|not a master")


def case_away(world):
    """Nobody listens for a while, and then somebody with an empty disk does."""
    redis = on(world, *FORGETFUL)
    refuse(world, redis, redis.kill, redis.start, rig.CUT)


def case_odd_name(world):
    """A daemon's name need not be one that Redis allows for connections."""
    redis = on(world)
    with world.floor(redis.unix, "--server-name", "my acdd") as floor:
        floor.start()
        floor.until_begun()
        floor.settle(redis)


if __name__ == "__main__":
    rig.main(globals())
