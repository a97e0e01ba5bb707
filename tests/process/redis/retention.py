# SPDX-License-Identifier: Apache-2.0
"""What is kept, and what a reader is told when something is not: the event log does not
reach back as far as Redis would need it, the stream is trimmed by count and by age.
"""

import eventlog
import follow
import rig
import states
from harness import check
from server import FORGETFUL, until

SMALL_LOG = ("--event-retention-size", "8M")
MANY = 10000  # life cycles, of which two or three times as many fill the event log
KEY = follow.key_of("alpha")
NODE = 100    # entries that leave together: stream-node-max-entries


def first(floor):
    return floor.status("alpha")["journal"]["event_first_sequence"]


def overflow(floor):
    """Contacts until the event log begins later than it did."""
    before = max(first(floor), 1)
    for _ in range(20):
        floor.loads["alpha"].burst(MANY)
        if first(floor) > before:
            return
    check(False, "the event log keeps everything")


def check_resync(redis):
    """The stream begins with it, or what was there before goes up to it."""
    at = [added.field for added in follow.read(redis, "alpha")].index("resync")
    return at


def case_away_too_long(world):
    """Redis has the beginning, the event log has the end, and in between is nothing."""
    redis = world.server().start()
    with world.floor(redis.unix, *SMALL_LOG) as floor:
        floor.loads["alpha"].burst(200)
        floor.until_fed()
        had = redis("XLEN", KEY)
        redis.kill()
        overflow(floor)
        floor.start()
        redis.start()
        floor.until_served(floor.mark())
        floor.settle(redis, resyncs=1)
        check(check_resync(redis) == had, "the resync is not behind what was there")
        states.until_level(floor, redis)


def case_emptied_too_late(world):
    """Everything is gone, and the event log does not have everything."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix, *SMALL_LOG) as floor:
        overflow(floor)
        floor.start()
        floor.until_begun()
        redis("FLUSHALL")
        until(lambda: redis("EXISTS", KEY), "the stream begins again")
        floor.until_served(floor.mark())
        floor.settle(redis, resyncs=1)
        check(check_resync(redis) == 0, "the stream does not begin with the resync")


def case_too_slow(world):
    """Redis stands still while the event log leaves it behind, in the middle of being read."""
    redis = world.server().start()
    with world.floor(redis.unix, *SMALL_LOG) as floor:
        floor.start()
        floor.until_begun()
        floor.stop()
        redis.pause()
        overflow(floor)
        redis.resume()
        floor.start()
        floor.until_served(floor.mark())
        # None where what it read last was still open, and the rest was there.
        floor.settle(redis, resyncs=None)


def case_count(world):
    redis = world.server().start()
    with world.floor(redis.unix, "--redis-retention-entries", "1000") as floor:
        floor.start(400)
        until(lambda: floor.redis()["published"] > 3000, "3,000 entries")
        until(lambda: redis("XLEN", KEY) <= 1000 + 10 * NODE, "the stream is trimmed")
        floor.settle(redis, is_whole=False)
        check(redis("XLEN", KEY) >= 1000, "too much was trimmed: %d", redis("XLEN", KEY))


def case_age(world):
    redis = world.server().start()
    with world.floor(redis.unix, "--redis-retention-s", "3") as floor:
        floor.start(400)
        until(lambda: floor.redis()["published"] > 2000, "2,000 entries")
        begin = eventlog.head(follow.read(redis, "alpha")[0].body)[2]
        until(lambda: eventlog.head(follow.read(redis, "alpha")[0].body)[2] > begin,
              "the oldest leave")
        floor.settle(redis, is_whole=False)


if __name__ == "__main__":
    rig.main(globals())
