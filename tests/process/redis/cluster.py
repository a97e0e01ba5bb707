# SPDX-License-Identifier: Apache-2.0
"""A Cluster of three masters with a replica each, and moving slots in it, at once or in
steps. It is put together by the commands of which redis-cli's own --cluster create
consists, which takes two seconds instead of ten.
"""

import binascii
import re

import ports
from harness import check
from server import DURABLE, Group, Redis, until

SLOTS = 16384
NODE_TIMEOUT_MS = 1000
MIGRATE_MS = 10000


def slot_of(key):
    found = re.search(r"\{([^}]+)\}", key)
    return binascii.crc_hqx((found.group(1) if found else key).encode(), 0) % SLOTS


class Node(Redis):
    def __init__(self, program, directory):
        super().__init__(
            program, directory, *DURABLE, "--cluster-enabled", "yes", "--cluster-node-timeout",
            NODE_TIMEOUT_MS, "--cluster-replica-validity-factor", "0",
            "--cluster-allow-replica-migration", "no")
        self.bus = None
        self.id = None

    def draw(self):
        self.port, self.bus = ports.draw(2)

    def arguments(self):
        return [*super().arguments(), "--cluster-port", str(self.bus)]

    def meet(self, other):
        self("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus)

    def fact(self, name):
        return re.search(r"%s:(\S+)" % name, self("CLUSTER", "INFO").decode()).group(1)


class Cluster(Group):
    def __init__(self, program, directory):
        super().__init__()
        self.servers = [Node(program, "%s/n%d" % (directory, i)) for i in range(6)]
        self.masters, self.replicas = self.servers[:3], self.servers[3:]

    def start(self):
        bounds = [i * SLOTS // 3 for i in range(4)]
        for i, node in enumerate(self.servers):
            node.start()
            node.id = node("CLUSTER", "MYID").decode()
            node("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for i, node in enumerate(self.masters):
            node("CLUSTER", "ADDSLOTSRANGE", bounds[i], bounds[i + 1] - 1)
        for node in self.servers[1:]:
            self.servers[0].meet(node)
        until(lambda: all(node.fact("cluster_known_nodes") == "6" for node in self.servers),
              "the nodes know each other")
        for master, replica in zip(self.masters, self.replicas):
            until(lambda: self.knows(replica, master), "%s knows its master", replica.tcp)
            replica("CLUSTER", "REPLICATE", master.id)
        self.until_whole()
        return self

    @staticmethod
    def knows(node, other):
        return re.search("^%s .*master" % other.id, node("CLUSTER", "NODES").decode(), re.M)

    def alive(self):
        return [node for node in self.servers if node.can_answer()]

    def until_whole(self):
        """Every node that lives says that all is well, and every replica has its master's data."""
        until(lambda: all(node.fact("cluster_state") == "ok" for node in self.alive()),
              "the cluster is whole")
        until(lambda: all(node.info("replication").get("master_link_status", "up") == "up"
                          for node in self.alive()), "the replicas follow")

    @property
    def addresses(self):
        return ",".join(node.tcp for node in self.servers[:3])

    def owner(self, slot):
        for begin, end, master, *_replicas in self.alive()[0]("CLUSTER", "SLOTS"):
            if begin <= slot <= end:
                return next(node for node in self.servers if node.port == master[1])
        return check(False, "nobody has slot %d", slot)

    def at(self, key):
        return self.owner(slot_of(key))

    def tenants(self):
        """Three names whose slots are on three masters."""
        found, number = {}, 0
        while len(found) < 3:
            name = "tenant%d" % number
            found.setdefault(self.at("{%s}" % name).port, name)
            number += 1
        return [found[node.port] for node in self.masters]

    # Moving a slot: open, move the keys, close.

    def open_move(self, slot, target):
        source = self.owner(slot)
        check(source is not target, "slot %d is there already", slot)
        target("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        return source

    @staticmethod
    def move_keys(slot, source, target):
        """All that are there; from now on the source answers ASK for them."""
        while True:
            keys = source("CLUSTER", "GETKEYSINSLOT", slot, 100)
            if not keys:
                return
            source("MIGRATE", "127.0.0.1", target.port, "", 0, MIGRATE_MS, "KEYS", *keys)

    def close_move(self, slot, source, target):
        self.move_keys(slot, source, target)
        for node in (target, source, *self.masters):
            if node.can_answer():
                node("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        until(lambda: all(self.says(node, slot) == target.port for node in self.alive()),
              "everybody knows the new place of slot %d", slot)

    @staticmethod
    def says(node, slot):
        for begin, end, master, *_replicas in node("CLUSTER", "SLOTS"):
            if begin <= slot <= end:
                return master[1]
        return None

    def move(self, slot, target):
        source = self.open_move(slot, target)
        self.move_keys(slot, source, target)
        self.close_move(slot, source, target)

    def kill_master(self, key):
        """The master of @key, dead; its replica has taken over."""
        former = self.at(key)
        former.kill()
        self.until_taken_over(former)
        return former

    def lose_tail(self, key, meanwhile):
        """The same; the replica lacks what came while @meanwhile was done."""
        former = self.at(key)
        self.kill_behind(former, [self.replicas[self.masters.index(former)]], meanwhile)
        self.until_taken_over(former)
        return former

    def until_taken_over(self, former):
        slot_owner = self.masters.index(former)
        successor = self.replicas[slot_owner]
        until(lambda: successor("ROLE")[0] == b"master", "%s takes over", successor.tcp)
        self.masters[slot_owner], self.replicas[slot_owner] = successor, former
        self.until_whole()

    def come_back(self, former):
        former.start()
        until(lambda: former("ROLE")[0] == b"slave", "%s has become a replica", former.tcp)
        self.until_whole()
