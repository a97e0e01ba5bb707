#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `acdctl gateway --auto` counts when the daemon dies at the worst moment.

The daemon has read REPORT connected and is killed before that is on disk. It
comes back with the contact connecting, and says so after RESUME; the gateway
connects the caller again, who is still one caller. A real daemon dies in just
this instant once in a hundred kills, so a fake one plays it: the oracle is what
it saw.

usage: gateway.py ACDCTL
"""

import json
import sys
import tempfile

from fake_daemon import RESULT, FakeDaemon, bytes_field, frame, number_field
from harness import DONE, Acdctl, check
from peer import fields, fixed_field

SUBMIT, FOLLOW, REPORT, RESUME, RESUMED, ASSIGNMENT, EVENTS = 16, 21, 23, 24, 25, 26, 103
CONNECTING, ACTIVE, CLOSED = 2, 3, 7  # of an assignment
CONNECTED = 2  # kind of a report
KEPT, COMPLETED, CONTACT_CLOSED = 1, 1, 25
CONTACT, OFFER, SUBSCRIPTION = 4711, 4712, 7
OK = number_field(1, 1)


def assignment(state, reason=0):
    return frame(ASSIGNMENT, 0, 0, fixed_field(2, OFFER) + fixed_field(4, CONTACT) +
                 number_field(5, state) + number_field(10, reason))


def contact_closed():
    event = (number_field(1, 1) + number_field(2, CONTACT_CLOSED) +
             number_field(3, COMPLETED) + fixed_field(6, CONTACT))
    batch = (bytes_field(1, b"default") + fixed_field(2, 2) + fixed_field(3, 1) +
             fixed_field(4, 1) + bytes_field(15, event))
    return frame(EVENTS, 0, 0, number_field(2, SUBSCRIPTION) + bytes_field(5, batch))


class Forgetful(FakeDaemon):
    """Has one contact; dies at the first REPORT connected, and does not remember it."""

    def __init__(self, path):
        self.life = 0
        self.reported = []  # in which life, and what
        self.resumed = []  # in which life, and the ids named
        super().__init__(path)

    def talk(self, peer):
        self.life += 1
        super().talk(peer)

    def answer(self, kind, correlation, session, body):
        def result(number=0):
            return frame(RESULT, correlation, session, OK + fixed_field(3, number))

        if kind == SUBMIT:
            return result(CONTACT) + assignment(CONNECTING)
        if kind == FOLLOW:
            return result(SUBSCRIPTION)
        if kind == RESUME:
            return self.resume(correlation, fields(body).get(1, b""))
        if kind == REPORT:
            return result(CONTACT) + self.report(fields(body)[3])
        return super().answer(kind, correlation, session, body)

    def resume(self, correlation, named):
        self.resumed.append((self.life, named))
        outcomes = bytes([KEPT]) * (len(named) // 8)
        return (frame(RESUMED, correlation, 0, bytes_field(1, OK) + bytes_field(2, outcomes)) +
                (assignment(CONNECTING) if named else b""))

    def report(self, what):
        """What a report leads to; one that is repeated, to nothing."""
        is_new = (self.life, what) not in self.reported
        self.reported.append((self.life, what))
        if what == CONNECTED and self.life == 1:
            raise ConnectionError("killed")
        if what == CONNECTED and is_new:
            return assignment(ACTIVE) + assignment(CLOSED, COMPLETED) + contact_closed()
        return b""


def check_connected_again(program, directory):
    fake = Forgetful("%s/s" % directory)
    run = Acdctl(program, "unix:%s/s" % directory)(
        "gateway", "pbx", "--auto", "--fixed", "--count", "1", "--rate", "100/s", "--mix", "q=1",
        "--ring", "10ms", "--json").expect(DONE)
    fake.close()

    contact = fixed_field(1, CONTACT)[1:]
    check(fake.resumed == [(1, b""), (2, contact)], "what RESUME named: %s", fake.resumed)
    check(fake.reported[0] == (1, CONNECTED) and (2, CONNECTED) in fake.reported,
          "what was reported: %s", fake.reported)
    found = json.loads(run.out)
    check(found["submitted"] == found["connected"] == found["ended"] == 1, "%s", found)
    check(found["lost"] == found["abandoned"] == found["open"] == 0, "%s", found)


def main():
    with tempfile.TemporaryDirectory(prefix="acdd-test-") as directory:
        check_connected_again(sys.argv[1], directory)
    print("one caller, connected twice, counted once")


if __name__ == "__main__":
    main()
