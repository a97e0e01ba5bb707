# SPDX-License-Identifier: Apache-2.0
"""Who joins from the state and goes on with the stream misses nothing and counts nothing double,
while daemon and Redis are killed under load. The readers are join.c, by the rules of
docs/REDIS.md, "Following the counts".
"""

import subprocess
import sys

import rig
from harness import check
from server import DURABLE

ROUNDS = 3
END_S = 90


def readers(redis, tenants, seconds):
    return {tenant: subprocess.Popen([JOIN, redis.unix, tenant,
                                      str(seconds)], stdout=subprocess.PIPE, text=True)
            for tenant in tenants}


def finish(processes):
    for tenant, process in processes.items():
        out, _ = process.communicate(timeout=END_S)
        check(process.returncode == 0, "%s: exit %d: %s", tenant, process.returncode, out)
        print("\n  %s: %s" % (tenant, out.strip()), end="")


def play(world, act):
    redis = world.server(*DURABLE).start()
    with world.floor(redis.unix, tenants=("alpha", "beta")) as floor:
        floor.start()
        floor.until_begun()
        processes = readers(redis, floor.loads, 8)
        for _ in range(ROUNDS):
            act(floor, redis)
            floor.until_served(floor.mark())
        floor.stop()
        floor.until_fed()
        finish(processes)


def case_calm(world):
    play(world, lambda floor, redis: None)


def case_daemon_killed(world):
    play(world, lambda floor, redis: floor.restart())


def case_redis_killed(world):
    def act(_floor, redis):
        redis.kill()
        redis.start()

    play(world, act)


def case_both_killed(world):
    def act(floor, redis):
        redis.kill()
        floor.restart()
        redis.start()

    play(world, act)


JOIN = sys.argv.pop(6)

if __name__ == "__main__":
    rig.main(globals())
