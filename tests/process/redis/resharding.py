# SPDX-License-Identifier: Apache-2.0
"""A Cluster: three tenants on three masters, slots that move, at once or slowly, and nodes
that die. Each tenant's stream is where its slot is, whole.
"""

import rig
from cluster import Cluster, slot_of
from follow import key_of
from server import until

AWAY = rig.CUT + "|MOVED|ASK|CLUSTERDOWN|answer"


def on(world):
    return world.closing(Cluster(world.redis_server, world.directory)).start()


class Stage:
    """A cluster, a floor of three tenants, and their load."""

    def __init__(self, world, rate=rig.RATE):
        self.cluster = on(world)
        self.tenants = self.cluster.tenants()
        self.floor = world.floor(self.cluster.addresses, "--redis-mode", "cluster",
                                 tenants=self.tenants)
        self.rate = rate

    def __enter__(self):
        self.floor.__enter__()
        try:
            self.floor.start(self.rate)
            self.floor.until_begun()
        except BaseException as error:
            self.floor.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *what):
        self.floor.__exit__(*what)

    def length(self, tenant):
        return self.cluster.at(key_of(tenant))("XLEN", key_of(tenant))

    def gets_on(self, *tenants, count=50):
        before = {tenant: self.length(tenant) for tenant in tenants or self.tenants}
        for tenant, length in before.items():
            until(lambda: self.length(tenant) >= length + count, "%s gets on", tenant,
                  deadline_s=rig.SETTLE_S)

    def slot(self, tenant):
        return slot_of(key_of(tenant))

    def other(self, tenant):
        """A master that does not have it."""
        owner = self.cluster.at(key_of(tenant))
        return next(node for node in self.cluster.masters if node is not owner)


def check_told(floor, mark, word):
    """Log and counter say that a slot was elsewhere."""
    floor.check_logged(mark, "redis_waits .*reason=\"%s " % word)
    floor.check_counted(mark, rig.counters_of(word))


def case_three_masters(world):
    with Stage(world) as stage:
        ports = {stage.cluster.at(key_of(tenant)).port for tenant in stage.tenants}
        rig.check(len(ports) == 3, "the tenants are on %s", ports)
        stage.gets_on()
        stage.floor.settle(stage.cluster)


def case_moved(world):
    """Slots that move at once: MOVED. What comes between the move of the keys and that of the slot
    is told ASK instead, so they move until it has been one that came later."""
    with Stage(world, 400) as stage:
        mark = stage.floor.mark()
        for turn in range(40):
            for tenant in stage.tenants:
                stage.cluster.move(stage.slot(tenant), stage.other(tenant))
            stage.gets_on()
            if turn >= 2 and stage.floor.has_counted(mark, "MOVED"):
                break
        check_told(stage.floor, mark, "MOVED")
        stage.floor.settle(stage.cluster)


def case_asked(world):
    """A slot is open, its keys have gone already: ASK, for as long as it takes."""
    with Stage(world) as stage:
        tenant = stage.tenants[0]
        slot, target = stage.slot(tenant), stage.other(tenant)
        mark = stage.floor.mark()
        source = stage.cluster.open_move(slot, target)
        before = stage.length(tenant)
        until(lambda: stage.length(tenant) > before + 50, "the source still takes entries")
        stage.cluster.move_keys(slot, source, target)
        until(lambda: asks(source), "the source says ASK")
        stage.gets_on(*stage.tenants[1:])
        stage.floor.check_counted(mark, rig.counters_of("ASK"))
        stage.floor.until_served(stage.floor.mark())
        until(lambda: arrives(target, tenant), "entries come to the new place by ASKING",
              deadline_s=rig.SETTLE_S)
        stage.cluster.close_move(slot, source, target)
        stage.gets_on()
        stage.floor.settle(stage.cluster)


def asks(source):
    return "errorstat_ASK" in source.info("errorstats")


def arrives(target, tenant):
    """Has the open slot's new master more of the stream than a moment ago?"""
    def length():
        with target.asking() as ask:
            return ask("XLEN", key_of(tenant))

    before = length()
    return until(lambda: length() > before, "%s grows in its new place", tenant,
                 deadline_s=rig.SETTLE_S)


def case_master_killed(world):
    with Stage(world) as stage:
        tenant = stage.tenants[0]
        begin = stage.floor.mark()
        former = stage.cluster.kill_master(key_of(tenant))
        stage.gets_on()
        end = stage.floor.mark()
        stage.floor.check_logged(begin, AWAY)
        stage.floor.check_counted(begin)
        stage.cluster.come_back(former)
        stage.gets_on()
        stage.floor.settle(stage.cluster, served=(begin, end))


def case_tail_lost(world):
    """A master dies whose replica was behind."""
    with Stage(world) as stage:
        tenant = stage.tenants[0]
        stage.cluster.lose_tail(key_of(tenant), lambda: stage.gets_on(tenant, count=200))
        stage.gets_on()
        stage.floor.settle(stage.cluster)


def case_no_majority(world):
    """Two of three masters stand still: CLUSTERDOWN, or no answer; and then they go on."""
    with Stage(world) as stage:
        still = stage.cluster.masters[:2]
        begin = stage.floor.mark()
        for node in still:
            node.pause()
        last = stage.cluster.masters[2]
        until(lambda: last.fact("cluster_state") == "fail", "the cluster is down")
        away = stage.floor.mark()
        stage.floor.until_served(away)
        back = stage.floor.mark()
        for node in still:
            node.resume()
        stage.cluster.until_whole()
        stage.gets_on()
        stage.floor.check_counted(begin)
        stage.floor.settle(stage.cluster, served=(away, back))


if __name__ == "__main__":
    rig.main(globals())
