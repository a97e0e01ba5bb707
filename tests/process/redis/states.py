# SPDX-License-Identifier: Apache-2.0
"""The state for those who come late is there whenever the stream is, and as new, whatever
has become of Redis meanwhile. Without it a stream that was trimmed is of no use to them.
"""

import follow
import rig
from server import FORGETFUL, until

LEVEL_S = 20  # a state is due every half second


def key_of(tenant):
    return "acd:{%s}:state" % tenant


def tag(store, tenant):
    body = store.at(key_of(tenant))("GET", key_of(tenant))
    if body is None:
        return None
    name, tag_ = follow.state_of(body)
    rig.check(name == tenant, "the state of %s is of %s", tenant, name)
    return tag_


def until_level(floor, store):
    """The state of each tenant is of its last event."""
    for tenant in floor.loads:
        until(lambda: tag(store, tenant) == follow.last_id(store, tenant) is not None,
              "%s: the state is of the last event", tenant, deadline_s=LEVEL_S)


def play(world, act):
    """@act under load; afterwards, at rest, and then once more at rest."""
    redis = world.server(*FORGETFUL).start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        floor.start()
        floor.until_begun()
        act(redis)
        floor.until_served(floor.mark())
        floor.settle(redis)
        until_level(floor, redis)
        act(redis)
        floor.compare(redis, floor.loads)
        until_level(floor, redis)


def case_nothing(world):
    play(world, lambda redis: None)


def case_deleted(world):
    play(world, lambda redis: redis("DEL", key_of("alpha")))


def case_flushed(world):
    play(world, lambda redis: redis("FLUSHALL"))


def case_lost(world):
    def act(redis):
        redis.kill()
        redis.start()

    play(world, act)


def case_never_ahead_for_long(world):
    """Under load a state reflects events that the stream has, or is about to have."""
    redis = world.server().start()
    with world.floor(redis.unix) as floor:
        floor.start(400)
        floor.until_begun()
        seen = set()
        until(lambda: redis("EXISTS", key_of("alpha")), "there is a state")
        while len(seen) < 4:
            ahead = tag(redis, "alpha")
            until(lambda: follow.last_id(redis, "alpha") >= ahead, "the stream has %s", ahead)
            seen.add(ahead)
        entries = floor.settle(redis)
        ids = {entry.id for entry in entries}
        rig.check(seen <= ids, "states of no event: %s", seen - ids)


if __name__ == "__main__":
    rig.main(globals())
