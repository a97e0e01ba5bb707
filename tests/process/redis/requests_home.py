# SPDX-License-Identifier: Apache-2.0
"""Requests over Redis where Redis is more than one server: they follow the master, and what
was asked before and after is answered.

usage: requests_home.py ACDD ACDCTL ACDBENCH REDIS_SERVER ROOT [CASE...]
"""

import contextlib

import resp
import rig
from certificates import Authority
from cluster import Cluster, slot_of
from component import Component, schema_of
from harness import DONE, check
from requests import FLOOR, OWN, until_empty
from sentinel import MASTER, Sentinels
from server import until
from transport import tls_of, tls_server

COUNT = 50
# What a command says while a master is looked for.
PASSING = ("MOVED", "ASK", "CLUSTERDOWN", "READONLY", "LOADING", "MASTERDOWN", "TRYAGAIN")


class Routed:
    """Who has a key is asked; while nobody has it, asked again."""

    def __init__(self, group):
        self.group = group

    def __call__(self, *words):
        answers = []

        def ask():
            with contextlib.suppress(OSError, EOFError, StopIteration, IndexError):
                try:
                    answers.append(self.group.at(words[1])(*words))
                except resp.RedisError as error:
                    if error.code not in PASSING:
                        raise
            return bool(answers)

        until(ask, "%s is answered", words[:2])
        return answers[0]


def tell(floor, *tenants):
    for tenant in tenants:
        floor.acdctl("apply", "-", stdin=FLOOR % tenant).expect(DONE)


def submits(component, count=COUNT):
    return [component.submit(channel="mail") for _ in range(count)]


def answered(component, entries):
    for entry in entries:
        answer = component.answer(entry)
        code = component.schema.result_name(answer.result.code)
        check(code in ("OK", "DUPLICATE"), "%s", answer)
    until_empty(component.redis, component)


def case_cluster(world):
    """Three tenants on three masters: a slot that moves, a master that dies."""
    group = world.closing(Cluster(world.redis_server, world.directory)).start()
    tenants = group.tenants()
    schema = schema_of(world)
    redis = Routed(group)
    with world.floor(group.addresses, "--redis-mode", "cluster", *OWN, tenants=()) as floor:
        tell(floor, *tenants)
        all_ = [Component(schema, redis, tenant) for tenant in tenants]
        for one in all_:
            answered(one, submits(one))
        slot = slot_of(all_[0].key("commands"))
        target = next(node for node in group.masters if node is not group.owner(slot))
        before = submits(all_[0])
        group.move(slot, target)
        answered(all_[0], before + submits(all_[0]))
        group.kill_master(all_[1].key("commands"))
        for one in all_:
            answered(one, submits(one))


def case_sentinel(world):
    """The master dies; the requests go to the next one, also when the dead one is back."""
    group = world.closing(Sentinels(world.redis_server, world.directory)).start()
    redis = Routed(group)
    with world.floor(group.addresses, "--redis-mode", "sentinel", "--redis-master", MASTER, *OWN,
                     tenants=()) as floor:
        tell(floor, "default")
        one = Component(schema_of(world), redis)
        answered(one, submits(one))
        former = group.kill_master()
        answered(one, submits(one))
        group.come_back(former)
        answered(one, submits(one))


def case_tls(world):
    """By TLS, as the publisher."""
    ours = Authority("%s/ca" % world.directory)
    ours.sign("server")
    redis = tls_server(world, ours)
    with world.floor(redis.tcp, *tls_of(ours), *OWN, tenants=()) as floor:
        tell(floor, "default")
        one = Component(schema_of(world), redis)
        answered(one, submits(one))


if __name__ == "__main__":
    rig.main(globals())
