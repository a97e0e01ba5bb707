#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every result of the table that a single healthy daemon can give, given by a real
one: through acdctl where a command can provoke it, by hand-made frames where
acdctl would not send such a thing.

MOVED is the one that is left: there is no second daemon yet. words.py shows it
with a fake one, as it does all the others.

usage: results.py ACDD ACDCTL ROOT
"""

import pathlib
import re
import sys

from fake_daemon import bytes_field, number_field
from harness import DONE, NOT_ALLOWED, REFUSED, Daemon, check
from peer import Peer, fixed_field

FLOOR = """
skills: [billing, rare, extra]
queues:
  billing: {requirement: {all: {billing: 1}}}
  dead: {requirement: {all: {rare: 5}}}
agents:
  anna: {skills: {billing: 5, extra: 5}}
"""
SUBMIT, LOGIN, LOGOUT, READY, ACCEPT, COMPLETE, OFFER = 16, 48, 50, 51, 54, 56, 65
LEFT_OUT = {"MOVED"}

seen = set()


def saw(run, name, code=REFUSED):
    run.expect(code)
    check(name in (run.err if code != DONE else run.out) or code == DONE, "wanted %s\n%s", name,
          run)
    seen.add(name)


def numbers(root):
    text = re.sub(r"/\*.*?\*/", "", (root / "lib/acd/results.def").read_text(), flags=re.S)
    return {name: int(number) for name, number in
            re.findall(r"^RESULT\((\w+), (\d+),", text, re.M)}


def by_commands(daemon):
    acdctl = daemon.acdctl
    saw(acdctl("apply", "-", stdin=FLOOR), "OK", DONE)
    first = acdctl("submit", "billing", "--key", "k1", "--json").expect(DONE).json()
    check(first["result"] == "OK" and len(first["contact"]) == 13, "%s", first)
    again = acdctl("submit", "billing", "--key", "k1", "--json").expect(DONE).json()
    check(again["result"] == "DUPLICATE" and again["contact"] == first["contact"], "%s", again)
    seen.add("DUPLICATE")
    saw(acdctl("submit", "billing", "--key", "k1", "--customer", "c"), "CONFLICT")
    saw(acdctl("submit", "biling"), "UNKNOWN")
    saw(acdctl("queues", "biling"), "UNKNOWN")
    saw(acdctl("contacts", "--key", "nobody"), "UNKNOWN")
    saw(acdctl("submit", "dead"), "DEAD_QUEUE")
    saw(acdctl("submit", "billing", "--attributes", "x" * 5000), "TOO_LARGE")
    saw(acdctl("apply", "-", stdin="remove: {skills: [billing]}"), "IN_USE")
    saw(acdctl("drain", "--role", "reader"), "NOT_ALLOWED", NOT_ALLOWED)
    acdctl("cancel", "--key", "k1").expect(DONE)
    gone = acdctl("cancel", first["contact"], "--json")
    check(gone.code in (DONE, REFUSED), "%s", gone)
    if gone.code == REFUSED:
        check(gone.json()["error"]["code"] == "GONE", "%s", gone)


def replaced(daemon):
    first = daemon.acdctl.start("agent", "anna", "--auto", "--json")
    check("is logged in" in first.stdout.readline(), "the first logs in")
    with Peer("%s/s" % daemon.directory) as peer:
        peer.hello("agent")
        peer.call(LOGIN, bytes_field(1, b"anna"))
    out, err = first.communicate(timeout=30)
    check(first.returncode == REFUSED and "REPLACED" in out + err, "%s%s", out, err)
    seen.add("REPLACED")


def by_frames(daemon, number):
    path = "%s/s" % daemon.directory

    def expect(peer, name, kind, body=b"", session=0):
        code = peer.code(kind, body, session)
        check(code == number[name], "wanted %s, got %s", name, code)
        seen.add(name)

    with Peer(path) as peer:
        check(peer.hello("operator") == 1, "an operator is welcome")
        queue, channel = bytes_field(1, b"billing"), bytes_field(3, b"email")
        expect(peer, "INVALID", SUBMIT, queue + channel + number_field(5, 40))
        expect(peer, "MISSING", SUBMIT, channel)
        expect(peer, "MALFORMED", SUBMIT, b"\xff\xff\xff")
        expect(peer, "UNSUPPORTED", 120)
    with Peer(path) as peer:
        check(peer.hello("operator", protocol=99) == number["UNSUPPORTED"], "a later protocol")
    with Peer(path) as peer:
        check(peer.hello("agent") == 1, "an agent is welcome")
        expect(peer, "NOT_LOGGED_IN", READY, session=99)
        _, found = peer.call(LOGIN, bytes_field(1, b"anna"))
        session = found[2]
        peer.call(READY, session=session)
        daemon.acdctl("submit", "billing").expect(DONE)
        _, offer = peer.push(OFFER)
        assignment = fixed_field(1, offer[3])
        expect(peer, "WRONG_STATE", COMPLETE, assignment, session)
        expect(peer, "FENCED", ACCEPT, assignment + fixed_field(2, offer[4] + 7), session)
        check(peer.code(ACCEPT, assignment + fixed_field(2, offer[4]), session) == 1, "accepts")
        expect(peer, "WRONG_STATE", LOGOUT, session=session)
        check(peer.code(COMPLETE, assignment, session) == 1, "completes")
        expect(peer, "GONE", ACCEPT, assignment, session)


def limits(acdd, program):
    with Daemon(acdd, program, "--limit-contact-count-max", "2", "--limit-class-per-queue-max",
                "1") as daemon:
        acdctl = daemon.acdctl
        acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        acdctl("submit", "billing").expect(DONE)
        saw(acdctl("submit", "billing", "--skill", "extra=1"), "LIMIT")
        acdctl("submit", "billing").expect(DONE)
        saw(acdctl("submit", "billing"), "FULL")


def gateways(acdd, program, number):
    """One gateway too many is told when to come back, in the answer and in the last word."""
    with Daemon(acdd, program, "--limit-gateway-count-max", "1") as daemon:
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        with Peer("%s/s" % daemon.directory) as one, Peer("%s/s" % daemon.directory) as more:
            check(one.hello("gateway", "one") == 1, "the first is welcome")
            check(more.hello("gateway", "more") == number["FULL"], "the second is one too many")
            kind, _, _, found = more.next()
            check(kind == 5 and found[2] == number["RETRY_AFTER"] and found[4] > 0,
                  "the last word: %s", found)


def timings(acdd, program, number):
    with Daemon(acdd, program, "--hello-timeout-ms", "100") as daemon:
        with Peer("%s/s" % daemon.directory) as peer:
            kind, _, _, found = peer.next()
            check(kind == 5 and found[2] == number["TIMED_OUT"], "no HELLO in time: %s", found)
            seen.add("TIMED_OUT")
    with Daemon(acdd, program, "--connection-count-max", "8") as daemon:
        # The place of the acdctl that waited for the start may be free a moment later only.
        peers, tries = [], 0
        while len(peers) < 8 and tries < 1000:
            tries += 1
            peer = Peer("%s/s" % daemon.directory)
            if peer.hello("operator") == 1:
                peers.append(peer)
            else:
                peer.close()
        saw(daemon.acdctl("status"), "RETRY_AFTER")
        for peer in peers:
            peer.close()
        daemon.acdctl.until(lambda status: status["connection_count"] == 1, "status")


def disk(acdd, program):
    with Daemon(acdd, program, "--disk-low-size", "1T") as daemon:
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        saw(daemon.acdctl("submit", "billing"), "DISK_LOW")


def ending(daemon, number):
    acdctl = daemon.acdctl
    acdctl("drain").expect(DONE)
    saw(acdctl("submit", "billing"), "DRAINING")
    acdctl("drain", "--resume").expect(DONE)
    acdctl("submit", "billing", "--key", "last").expect(DONE)
    with Peer("%s/s" % daemon.directory) as peer:
        check(peer.hello("operator") == 1, "an operator is welcome")
        acdctl("stop").expect(DONE)
        code = peer.code(SUBMIT, bytes_field(1, b"billing") + bytes_field(3, b"email"))
        check(code in (number["STOPPING"], number["DRAINING"]), "while it stops: %s", code)
        acdctl("stop", "--fast").expect(DONE)
        while True:
            got = peer.next()
            if got is None:
                break
            if got[0] == 5:
                check(got[3][2] == number["STOPPING"], "the last word: %s", got)
                seen.add("STOPPING")
    check(daemon.process.wait(30) == 0, "it ends well")


def main():
    acdd, program, root = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    number = numbers(root)
    with Daemon(acdd, program) as daemon:
        by_commands(daemon)
        replaced(daemon)
        by_frames(daemon, number)
        ending(daemon, number)
    limits(acdd, program)
    gateways(acdd, program, number)
    timings(acdd, program, number)
    disk(acdd, program)
    missing = set(number) - seen - LEFT_OUT
    check(not missing, "never seen: %s", ", ".join(sorted(missing)))
    print("%d of %d results" % (len(seen), len(number)))


if __name__ == "__main__":
    main()
