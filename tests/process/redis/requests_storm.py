# SPDX-License-Identifier: Apache-2.0
"""Requests over Redis while the daemon and Redis are killed at random, again and again: every
submit is one contact, every entry is answered, once, and nothing is acknowledged without.

usage: requests_storm.py ACDD ACDCTL ACDBENCH REDIS_SERVER ROOT [CASE...]

A case prints the seed that repeats its choices: ACD_TEST_SEED=N.
"""

import collections
import contextlib
import os
import random
import select
import time

import eventlog
import resp
import rig
from component import Component, fields_of
from harness import check
from requests import is_empty, opened, until_empty
from server import until

ROUNDS = 16
BURST = 150
WAITING = 100000
MEMORY_MIB_MAX = 96  # more than before; the contacts themselves are a third of it


class Sender(Component):
    """Sends many at once, and knows which entries are surely there."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.sure = {}      # entry -> correlation
        self.maybe = set()  # correlations of which nobody knows whether Redis took them
        self.number = 0

    def words_of(self, number):
        """The request of this number."""
        message = self.message("SUBMIT", queue="billing", channel="mail")
        return self.words("SUBMIT", message, correlation=str(number))

    def burst(self, count):
        numbers = range(self.number, self.number + count)
        self.number += count
        self.send_all(numbers)

    def send_all(self, numbers):
        try:
            connection = resp.Connection(self.redis.unix)
        except OSError:
            return
        self.maybe.update(numbers)
        with contextlib.closing(connection):
            try:
                connection.link.sendall(b"".join(
                    resp.command(["XADD", self.key("commands"), "*", *self.words_of(number)])
                    for number in numbers))
                for number in numbers:
                    entry = connection.read()
                    if isinstance(entry, resp.RedisError):
                        continue
                    self.sure[entry.decode()] = number
                    self.maybe.discard(number)
            except (OSError, EOFError):
                return

    def try_to_read(self):
        with contextlib.suppress(OSError, EOFError, resp.RedisError):
            self.read()


class KeyedSender(Sender):
    """Each submit has a key of his own, and is asked again with it until it is answered. Every
    third contact is cancelled, another third updated, by key, and these are asked again too."""

    def words_of(self, number):
        key = "k%d" % (number // 3)
        kind, message = (
            ("SUBMIT", self.message("SUBMIT", queue="billing", channel="mail", client_key=key)),
            ("UPDATE", self.message("UPDATE", client_key=key, band=number % 32)),
            ("CANCEL", self.message("CANCEL", client_key=key)))[self.verb_of(number)]
        return self.words(kind, message, correlation=str(number))

    @staticmethod
    def verb_of(number):
        """Of three requests the first submits; one is another submit, an update or a cancel."""
        return 0 if number % 3 == 0 else (number // 3) % 3 if number % 3 == 1 else 0

    def answered(self):
        """What each request was told, in order."""
        told = {}
        for answers in self.answers.values():
            for answer in answers:
                told.setdefault(int(answer.correlation), []).append(answer)
        return told

    def ask_again(self):
        told = self.answered()
        numbers = [number for number in range(self.number) if number not in told]
        self.send_all(numbers)
        return len(numbers)


def events_of(one, floor, kind):
    """Of a kind, by the event log."""
    kind = one.schema.value(kind)
    for entry in eventlog.of_tenant(eventlog.read(floor.daemon.directory / "data"), one.tenant):
        batch = one.schema.type("EventBatch")()
        batch.ParseFromString(entry.body)
        yield from (event for event in batch.events if event.kind == kind)


def submitted(one, floor):
    """How many contacts there are of each client key."""
    return collections.Counter(
        event.client_key for event in events_of(one, floor, "EVENT_CONTACT_SUBMITTED"))


def check_all(floor, one, answers_max=1):
    """The oracle: contacts by the event log, answers by the sender's stream."""
    # Read along: answers beyond ten thousand go.
    until(lambda: one.read() or is_empty(one.redis, one), "all requests are done")
    one.read()
    contacts = submitted(one, floor)
    for entry in one.sure:
        answers = one.answers.get(entry, [])
        check(1 <= len(answers) <= answers_max, "%s has %d answers: %s", entry, len(answers),
              answers)
        check(len({answer.result.id for answer in answers}) == 1, "they differ: %s", answers)
        check(all(one.schema.result_name(answer.result.code) in ("OK", "DUPLICATE")
                  for answer in answers), "%s", answers)
        check(answers[0].correlation == str(one.sure[entry]).encode(), "%s", answers)
        check(contacts["redis:" + entry] == 1, "%s is %d contacts", entry,
              contacts["redis:" + entry])
    others = set(one.answers) - set(one.sure)
    for entry in others:
        numbers = {int(answer.correlation) for answer in one.answers[entry]}
        check(numbers <= one.maybe, "%s was never sent: %s", entry, numbers)
        check(contacts["redis:" + entry] == 1, "%s is not one contact", entry)
    ids = [answers[0].result.id for answers in one.answers.values()]
    check(len(set(ids)) == len(ids), "two entries have one contact")
    check(sum(contacts.values()) == len(one.answers), "%d contacts of %d entries",
          sum(contacts.values()), len(one.answers))
    check(not one.redis("EXISTS", one.key("dead")), "there are dead letters")


def check_keys(floor, one):
    """One contact a key, whatever was lost and asked again; all answers name it."""
    def settled():
        if not is_empty(one.redis, one):
            return False
        one.read()
        return one.ask_again() == 0

    until(settled, "all requests are answered", deadline_s=120)
    contacts = submitted(one, floor)
    closed = collections.Counter(
        event.contact for event in events_of(one, floor, "EVENT_CONTACT_CLOSED"))
    told = one.answered()
    name = {number: {one.schema.result_name(answer.result.code) for answer in answers}
            for number, answers in told.items()}
    for key in range(one.number // 3):
        submits = [number for number in range(3 * key, 3 * key + 3) if one.verb_of(number) == 0]
        ids = {answer.result.id for number in submits for answer in told[number]}
        check(contacts["k%d" % key] == 1 and len(ids) == 1, "key %d is %d contacts: %s", key,
              contacts["k%d" % key], ids)
        check(all(name[number] <= {"OK", "DUPLICATE"} for number in submits), "%s",
              [told[number] for number in submits])
        other = 3 * key + 1  # UNKNOWN: it came before the contact, whose first request was lost
        check(name[other] <= {"OK", "DUPLICATE", "GONE", "UNKNOWN"}, "%s", told[other])
        is_cancelled = one.verb_of(other) == 2 and name[other] != {"UNKNOWN"}
        check(closed[ids.pop()] == is_cancelled, "contact of key %d: %s", key, told[other])
    check(sum(contacts.values()) == one.number // 3, "%d contacts of %d keys",
          sum(contacts.values()), one.number // 3)


def seeded():
    seed = int(os.environ.get("ACD_TEST_SEED", time.time_ns() % 1000000))
    print("ACD_TEST_SEED=%d" % seed, end="", flush=True)
    return random.Random(seed)


def answered(one, count):
    """Some of what is under way was answered; or none, whatever happened."""
    one.try_to_read()
    return len(one.answers) >= count


def a_moment(chance, one):
    """A random moment: after so many answers more, or so many microseconds."""
    goal = len(one.answers) + chance.randrange(BURST)
    end = time.monotonic() + chance.random() * 0.05
    while time.monotonic() < end and not answered(one, goal):
        select.select([], [], [], 0.0005)


def kill_daemon(floor, _redis):
    floor.daemon.kill()
    floor.daemon.start()


def stop_daemon(floor, _redis):
    """As an operator does: what was read and not answered is read again by the next run."""
    floor.daemon.stop_fast()
    floor.daemon.process.wait()
    floor.daemon.start()


def kill_redis(_floor, redis):
    redis.kill()
    redis.start()


def kill_both(floor, redis):
    redis.kill()
    floor.daemon.kill()
    redis.start()
    floor.daemon.start()


def cut(_floor, redis):
    redis.cut()
    redis.disconnect()


def cut_reader(_floor, redis):
    """The link that reads alone: pending entries are read while others are being answered."""
    for line in redis("CLIENT", "LIST", "TYPE", "normal").decode().splitlines():
        words = dict(word.split("=", 1) for word in line.split(" ") if "=" in word)
        if words["cmd"] in ("xreadgroup", "xgroup|create"):
            redis("CLIENT", "KILL", "ID", words["id"])


def storm(world, *ways, rounds=ROUNDS, answers_max=1):
    chance = seeded()
    with opened(world) as (floor, redis, first):
        first.do("RESOLVE")
        one = Sender(first.schema, redis, sender="storm")
        for _ in range(rounds):
            for _ in range(chance.randrange(1, 4)):
                one.burst(BURST)
            a_moment(chance, one)
            chance.choice(ways)(floor, redis)
        one.burst(BURST)
        check_all(floor, one, answers_max)
        metrics = floor.metrics()
        check(len(one.sure) > rounds * BURST // 2, "only %d were sent", len(one.sure))
        return metrics


def case_daemon(world):
    storm(world, kill_daemon)


def case_redis(world):
    storm(world, kill_redis)


def case_cut(world):
    storm(world, cut, rounds=3 * ROUNDS)


def case_reader(world):
    storm(world, cut_reader, rounds=3 * ROUNDS)


def case_all(world):
    storm(world, kill_daemon, stop_daemon, kill_redis, kill_both, cut)


def case_two_tenants(world):
    """Each has all of its own, whatever is killed while the other sends as well."""
    chance = seeded()
    with opened(world, tenants=("default", "beta")) as (floor, redis, first):
        first.do("RESOLVE")
        both = [Sender(first.schema, redis, tenant, sender="storm") for tenant in
                ("default", "beta")]
        for _ in range(ROUNDS // 2):
            for one in both:
                one.burst(BURST)
            a_moment(chance, both[0])
            both[1].try_to_read()
            chance.choice((kill_daemon, kill_redis, cut))(floor, redis)
        for one in both:
            check_all(floor, one)


def case_group(world):
    """The group is destroyed under load: nothing is lost, an answer may come again, the same."""
    storm(world, lambda _floor, redis: redis("XGROUP", "DESTROY", "acd:{default}:commands", "acdd"),
          answers_max=ROUNDS)


def case_keys(world):
    """Redis forgets its tail, the daemon dies, connections end; who is not answered asks again."""
    chance = seeded()
    with opened(world) as (floor, redis, first):
        first.do("RESOLVE")
        one = KeyedSender(first.schema, redis, sender="storm")

        def forget(_floor, redis):
            redis("SAVE")
            one.burst(BURST)
            a_moment(chance, one)
            redis.kill()
            redis.start("--appendonly", "no")

        for _ in range(ROUNDS):
            one.burst(BURST)
            a_moment(chance, one)
            chance.choice((kill_daemon, stop_daemon, kill_redis, kill_both, cut, forget))(floor,
                                                                                         redis)
            one.ask_again()
        check_keys(floor, one)


def memory_mib(floor):
    status = open("/proc/%d/status" % floor.daemon.process.pid, encoding="ascii").read()
    return int(status[status.index("VmRSS:"):].split()[1]) // 1024


def case_many_waiting(world):
    """A hundred thousand entries wait when the daemon comes: its memory is bounded whatever waits,
    what is on its way is too, and all are done."""
    # A sanitizer keeps what is given back for a while: little of it here, where memory is measured.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
    with opened(world, "--limit-contact-count-max", "200000") as (floor, redis, first):
        one = Sender(first.schema, redis, sender="many")
        one.burst(1000)
        until_empty(redis, one)
        floor.daemon.kill()
        for _ in range(WAITING // 1000):
            one.burst(1000)
        floor.daemon.start()
        base = memory_mib(floor)
        begin = time.monotonic()
        most = pending = 0
        while redis("XLEN", one.key("commands")) > 0:
            most = max(most, memory_mib(floor))
            pending = max(pending, redis("XPENDING", one.key("commands"), "acdd")[0])
            check(time.monotonic() < begin + 240, "they are not done in time: %d left",
                  redis("XLEN", one.key("commands")))
            select.select([], [], [], 0.02)
        seconds = time.monotonic() - begin
        print(" %d/s, %d MiB more, %d pending at most" % (WAITING / seconds, most - base, pending),
              end="", flush=True)
        check(most - base < MEMORY_MIB_MAX, "%d MiB more", most - base)
        check(pending <= 512, "%d were read and not answered", pending)
        contacts = submitted(one, floor)
        check(set(contacts) == {"redis:" + entry for entry in one.sure} and
              set(contacts.values()) == {1}, "%d contacts of %d entries", len(contacts),
              len(one.sure))


if __name__ == "__main__":
    rig.main(globals())
