# SPDX-License-Identifier: Apache-2.0
"""A master dies, and sentinels make another. The daemon finds it, and what the dead one had
and the new one does not have is added again.
"""

import rig
from sentinel import MASTER, Sentinels
from server import until

KEY = "acd:{alpha}:events"
AWAY = rig.CUT + "|READONLY|not a master"


def on(world):
    return world.closing(Sentinels(world.redis_server, world.directory)).start()


def floor_of(world, group):
    return world.floor(group.addresses, "--redis-mode", "sentinel", "--redis-master", MASTER,
                       tenants=("alpha", "beta"))


def gets_on(group, count=50):
    before = group.master("XLEN", KEY)
    until(lambda: group.master("XLEN", KEY) >= before + count, "the new master gets entries",
          deadline_s=rig.SETTLE_S)


def case_master_killed(world):
    """Twice, so that the first one becomes the last."""
    group = on(world)
    with floor_of(world, group) as floor:
        floor.start()
        floor.until_begun()
        begin = floor.mark()
        former = group.kill_master()
        gets_on(group)
        end = floor.mark()
        floor.check_logged(begin, AWAY)
        floor.check_logged(begin, "redis_home masters=1 first=\"127.0.0.1:%d\"" %
                           group.master.port)
        floor.check_counted(begin, {"redis_masters_changed_total"})
        group.come_back(former)
        group.kill_master()
        gets_on(group)
        floor.settle(group, served=(begin, end))


def case_tail_lost(world):
    """The replicas stand still before their master dies: the new one lacks what came since."""
    group = on(world)
    with floor_of(world, group) as floor:
        floor.start()
        floor.until_begun()
        begin = floor.mark()
        group.lose_tail(lambda: gets_on(group, 200))
        gets_on(group)
        end = floor.mark()
        floor.settle(group, served=(begin, end))


def case_asked_for(world):
    """SENTINEL FAILOVER: nobody dies, the former master refuses writes from then on."""
    group = on(world)
    with floor_of(world, group) as floor:
        floor.start()
        floor.until_begun()
        group.hand_over()
        gets_on(group)
        floor.settle(group)


def case_sentinel_killed(world):
    """The one that the daemon asks first, and a master with it."""
    group = on(world)
    with floor_of(world, group) as floor:
        floor.start()
        floor.until_begun()
        group.kill_sentinel(0)
        gets_on(group)
        group.kill_master()
        gets_on(group)
        floor.settle(group)


def case_away_at_start(world):
    """The daemon starts while nobody is there."""
    group = on(world)
    for server in group.servers:
        server.kill()
    with floor_of(world, group) as floor:
        floor.start()
        floor.until_told(rig.CUT + "|sentinel")
        floor.until_served(floor.mark())
        for server in group.servers:
            server.start()
        gets_on(group)
        floor.settle(group)


if __name__ == "__main__":
    rig.main(globals())
