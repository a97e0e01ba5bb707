# SPDX-License-Identifier: Apache-2.0
"""Random faults in random order under load, one or two at a time; now and then everything
heals, and each stream is the event log. Goes on for as long as is asked for.

usage: storm.py ACDD ACDCTL ACDBENCH REDIS_SERVER ROOT [--mode server|sentinel|cluster]
                [--faults N | --minutes N] [--seed N] [--rate N]
"""

import argparse
import random
import shutil
import sys
import time

import rig
from cluster import Cluster, slot_of
from follow import key_of
from proxy import Proxy
from sentinel import MASTER, Sentinels
from server import until

CALM_EVERY = 8   # faults
SERVED_MAX = 60  # contacts served during a fault
WAIT_S = 120


class Storm:
    """A fault is a generator: what goes wrong, a yield, how it ends. They come in kinds, of
    which one of each may be going on at a time: what they touch is the same."""

    def __init__(self, world, options):
        self.world = world
        self.chance = random.Random(options.seed)
        self.tenants = ("alpha", "beta")
        self.make()
        self.floor = world.floor(self.address, *self.options(), tenants=self.tenants)
        self.floor.rate = options.rate
        self.active = {}  # kind -> generator
        self.count = 0

    def options(self):
        return ()

    def faults(self):
        return [(method.kind, name[len("fault_"):], method) for name, method in
                ((name, getattr(self, name)) for name in sorted(dir(type(self))))
                if name.startswith("fault_")]

    def some_tenant(self):
        return self.chance.choice(self.tenants)

    def blow(self, until_when):
        with self.floor:
            self.floor.start(self.floor.rate)
            self.floor.until_begun()
            while not until_when(self.count):
                if self.count > 0 and self.count % CALM_EVERY == 0:
                    self.calm()
                    self.floor.start(self.floor.rate)
                self.step()
            self.calm()

    def step(self):
        kind, name, fault = self.chance.choice(self.faults())
        if kind in self.active:
            self.end(kind)
        print("%4d %s" % (self.count, name), flush=True)
        self.active[kind] = fault()
        next(self.active[kind])
        self.count += 1
        self.floor.until_served(self.floor.mark(), self.chance.randrange(1, SERVED_MAX))
        if self.chance.randrange(2):
            self.end(kind)

    def end(self, kind):
        for _ in self.active.pop(kind, ()):
            pass

    def calm(self):
        for kind in list(self.active):
            self.end(kind)
        entries = self.floor.settle(self.store)
        print("     calm: %d entries, as in the event log" % len(entries), flush=True)


def fault(kind):
    def mark(method):
        method.kind = kind
        return method

    return mark


class Server(Storm):
    """One server behind a network that is not better than it."""

    def make(self):
        self.store = self.world.server().start()
        self.other = self.world.server(name="other").start()
        self.proxy = self.world.closing(Proxy(self.store.tcp))
        self.address = self.proxy.address

    @fault("server")
    def fault_out_of_memory(self):
        self.store.configure("maxmemory", 1)
        yield
        self.store.configure("maxmemory", 0)

    @fault("server")
    def fault_no_replicas(self):
        self.store.configure("min-replicas-to-write", 1)
        yield
        self.store.configure("min-replicas-to-write", 0)

    @fault("server")
    def fault_password(self):
        self.store.configure("requirepass", "secret")
        self.store.admin = ("default", "secret")
        self.store.cut()
        yield
        self.store.configure("requirepass", "")
        self.store.admin = ()
        self.store.disconnect()

    @fault("server")
    def fault_paused(self):
        self.store.pause()
        yield
        self.store.resume()

    @fault("server")
    def fault_killed(self):
        self.store.kill()
        yield
        self.store.start()

    @fault("server")
    def fault_disk_lost(self):
        self.store.kill()
        shutil.rmtree(self.store.directory / "appendonlydir")
        yield
        self.store.start()

    @fault("server")
    def fault_replica_of_another(self):
        self.store("REPLICAOF", "127.0.0.1", self.other.port)
        yield
        self.store("REPLICAOF", "NO", "ONE")

    @fault("server")
    def fault_deleted(self):
        self.store("DEL", key_of(self.some_tenant()))
        yield

    @fault("server")
    def fault_flushed(self):
        self.store("FLUSHALL")
        yield

    @fault("server")
    def fault_cut(self):
        self.store.cut()
        yield

    @fault("network")
    def fault_slow(self):
        self.proxy.slow(self.chance.choice((1000, 10000, 100000)))
        yield
        self.proxy.through()

    @fault("network")
    def fault_held(self):
        self.proxy.hold()
        yield
        self.proxy.through()

    @fault("network")
    def fault_swallowed(self):
        self.proxy.swallow()
        yield
        self.proxy.through()

    @fault("network")
    def fault_refused(self):
        self.proxy.refuse()
        yield
        self.proxy.through()

    @fault("network")
    def fault_reset(self):
        self.proxy.reset()
        yield

    @fault("network")
    def fault_half_closed(self):
        self.proxy.half_close()
        yield

    @fault("daemon")
    def fault_daemon_killed(self):
        self.floor.restart()
        yield


class Sentinel(Storm):
    """A group of servers that elects its master."""

    def make(self):
        self.store = self.world.closing(
            Sentinels(self.world.redis_server, self.world.directory)).start()
        self.address = self.store.addresses

    def options(self):
        return ("--redis-mode", "sentinel", "--redis-master", MASTER)

    def until_more(self, count):
        key = key_of(self.some_tenant())
        before = self.store.master("XLEN", key)
        until(lambda: self.store.master("XLEN", key) >= before + count, "%s gets entries", key,
              deadline_s=WAIT_S)

    @fault("server")
    def fault_master_killed(self):
        former = self.store.kill_master()
        yield
        self.store.come_back(former)

    @fault("server")
    def fault_tail_lost(self):
        former = self.store.lose_tail(lambda: self.until_more(self.chance.randrange(1, 100)))
        yield
        self.store.come_back(former)

    @fault("server")
    def fault_asked_for(self):
        self.store.hand_over()
        yield
        self.store.until_whole()

    @fault("server")
    def fault_master_paused(self):
        former = self.store.master
        former.pause()
        self.store.elect(former)
        yield
        former.resume()
        self.store.until_whole()

    @fault("server")
    def fault_deleted(self):
        self.store.master("DEL", key_of(self.some_tenant()))
        yield

    @fault("server")
    def fault_cut(self):
        self.store.master.cut()
        yield

    @fault("server")
    def fault_out_of_memory(self):
        self.store.master.configure("maxmemory", 1)
        yield
        self.store.master.configure("maxmemory", 0)

    @fault("daemon")
    def fault_daemon_killed(self):
        self.floor.restart()
        yield


class Sharded(Storm):
    """A Cluster in which slots move and nodes die."""

    def make(self):
        self.store = self.world.closing(
            Cluster(self.world.redis_server, self.world.directory)).start()
        self.tenants = self.store.tenants()
        self.address = self.store.addresses

    def options(self):
        return ("--redis-mode", "cluster")

    def some_move(self):
        slot = slot_of(key_of(self.some_tenant()))
        owner = self.store.owner(slot)
        return slot, self.chance.choice([node for node in self.store.masters
                                         if node is not owner])

    def until_more(self, key, count):
        before = self.store.at(key)("XLEN", key)
        until(lambda: self.store.at(key)("XLEN", key) >= before + count, "%s gets entries", key,
              deadline_s=WAIT_S)

    @fault("server")
    def fault_moved(self):
        self.store.move(*self.some_move())
        yield

    @fault("server")
    def fault_half_moved(self):
        slot, target = self.some_move()
        source = self.store.open_move(slot, target)
        self.store.move_keys(slot, source, target)
        yield
        self.store.close_move(slot, source, target)

    @fault("server")
    def fault_master_killed(self):
        former = self.store.kill_master(key_of(self.some_tenant()))
        yield
        self.store.come_back(former)

    @fault("server")
    def fault_tail_lost(self):
        key = key_of(self.some_tenant())
        former = self.store.lose_tail(
            key, lambda: self.until_more(key, self.chance.randrange(1, 100)))
        yield
        self.store.come_back(former)

    @fault("server")
    def fault_deleted(self):
        key = key_of(self.some_tenant())
        self.store.at(key)("DEL", key)
        yield

    @fault("server")
    def fault_cut(self):
        self.store.at(key_of(self.some_tenant())).cut()
        yield

    @fault("daemon")
    def fault_daemon_killed(self):
        self.floor.restart()
        yield


MODES = {"server": Server, "sentinel": Sentinel, "cluster": Sharded}


def parse():
    parser = argparse.ArgumentParser()
    for name in ("acdd", "acdctl", "acdbench", "redis_server", "root"):
        parser.add_argument(name)
    parser.add_argument("--mode", choices=MODES, default="server")
    parser.add_argument("--faults", type=int, default=24)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=int, default=100)
    return parser.parse_args()


def main():
    options = parse()
    end = time.monotonic() + 60 * (options.minutes or 0)
    print("again: %s" % " ".join(sys.argv), flush=True)

    def is_over(count):
        return time.monotonic() > end if options.minutes else count >= options.faults

    rig.World(options.acdd, options.acdctl, options.acdbench, options.redis_server,
              options.root).run(lambda world: MODES[options.mode](world, options).blow(is_over))


if __name__ == "__main__":
    main()
