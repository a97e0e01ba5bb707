#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Gateways that are killed, and the daemon with them: contacts of live channels are
withdrawn after the grace, those of stored channels stay, and nobody is offered
either while their gateway is gone.

The oracle is the events from the first on: between a GATEWAY_GONE and the next
GATEWAY_OPENED of a gateway no contact of its may be offered.

usage: gateways.py ACDD ACDCTL
"""

import struct
import sys

from harness import DONE, Daemon, check
from peer import Peer, bytes_field, number_field

FLOOR = """
gateway_grace: 1s
agent_grace: 1h
skills: [billing]
queues: {billing: {requirement: {all: {billing: 1}}, missed_max: 0}}
agents: {anna: {skills: {billing: 5}}}
"""
SUBMIT, RESUME = 16, 24
KEPT, CLOSED, UNKNOWN = 1, 2, 3


def submit(gateway, channel, key):
    body = bytes_field(1, b"billing") + bytes_field(3, channel) + bytes_field(10, key)
    check(gateway.code(SUBMIT, body) == 1, "%s is not taken", key)


def keys(daemon, state):
    rows = daemon.acdctl("contacts", "--state", state, "--json").expect(DONE).json()["contacts"]
    return {row["client_key"]: int_of(row["contact"]) for row in rows}


def int_of(text):
    number = 0
    for letter in text:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    return number


def lose(daemon, kills):
    """A gateway of each kind comes, brings contacts, and is gone; so is the daemon."""
    path = "%s/s" % daemon.directory
    with Peer(path) as phones, Peer(path) as mails:
        check(phones.hello("gateway", "phones") == 1, "phones are welcome")
        check(mails.hello("gateway", "mails") == 1, "mails are welcome")
        for number in range(3):
            submit(phones, b"chat", b"live-%d-%d" % (kills, number))
            submit(mails, b"email", b"stored-%d-%d" % (kills, number))
        if kills % 2 == 0:
            daemon.kill()
    if kills % 2 == 0:
        daemon.start()
    daemon.acdctl.until(lambda found: not [row for row in found["contacts"]
                                           if row["state"] != "withheld"], "contacts")
    if kills % 2 == 1:
        daemon.kill()
        daemon.start()
    check(set(keys(daemon, "withheld")) == {"stored-%d-%d" % (kills, i) for i in range(3)},
          "stored ones stay, live ones do not: %s", keys(daemon, "withheld"))


def come_back(daemon, kills):
    """It holds two of three and one that never was; the agent gets them all, for mails are kept."""
    ids = keys(daemon, "withheld")
    held = [ids["stored-%d-0" % kills], ids["stored-%d-1" % kills], ids["stored-%d-2" % kills] + 4]
    with Peer("%s/s" % daemon.directory) as mails:
        check(mails.hello("gateway", "mails") == 1, "mails are welcome again")
        packed = struct.pack("<3Q", *held)
        _, found = mails.call(RESUME, bytes_field(1, packed) + number_field(2, 1) +
                              number_field(3, 1))
        check(list(found[2]) == [KEPT, KEPT, UNKNOWN], "kept and unknown: %s", found)
        daemon.acdctl.until(lambda found: not found["contacts"], "contacts")


def check_events(daemon):
    last = daemon.acdctl("status", "--json").json()["journal"]["event_last_sequence"]
    lines = daemon.acdctl("events", "--from", "1", "--count", str(last), "--json").lines()
    gone, offers, lost = set(), 0, 0
    for line in lines:
        gateway = line.get("gateway")
        if line["event"] == "GATEWAY_GONE":
            gone.add(gateway)
        elif line["event"] == "GATEWAY_OPENED":
            gone.discard(gateway)
        elif line["event"] == "CONTACT_OFFERED":
            offers += 1
            check(gateway not in gone, "offered though its gateway is gone: %s", line)
        elif line["event"] == "CONTACT_CLOSED":
            is_live = line["client_key"].startswith("live")
            check(is_live == (line["reason"] == "GATEWAY_LOST"), "%s", line)
            lost += is_live
    check(offers >= 12 and lost == 12, "%d offers, %d lost", offers, lost)


def main():
    with Daemon(sys.argv[1], sys.argv[2]) as daemon:
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        for kills in range(4):
            lose(daemon, kills)
            anna = daemon.acdctl.start("agent", "anna", "--auto", "--handle", "1ms", "--answer",
                                       "1ms", "--fixed")
            daemon.acdctl.until(lambda found: len(found["agents"]) == 1, "agents", "--state",
                                "ready")
            check(len(keys(daemon, "withheld")) == 3, "nothing is offered while it is gone")
            come_back(daemon, kills)
            anna.terminate()
            anna.communicate(timeout=30)
            daemon.acdctl.until(lambda found: len(found["agents"]) == 0, "agents", "--state",
                                "ready")
        check_events(daemon)
    print("withdrawn, kept, not offered, resumed")


if __name__ == "__main__":
    main()
