#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A life of contacts on a real daemon, and what acdctl export says of it.

Goal    Every outcome that there is gets the line that an Asterisk would have
        written; a reader made for that format counts what the daemon counts;
        the file can be played again by acdsim.
Method  A gateway and two desktops that speak the protocol act a script; beside
        each act stand the lines that it must lead to.
Oracle  The script; queue_log_reader.py, which knows nothing of this project; the
        daemon's own counts; the numbers of contacts in acdsim.

usage: queue_log.py ACDD ACDCTL ACDSIM ROOT
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../python_client"))
import queue_log_reader as reader
from client import Connection, Schema
from fake_daemon import (HELLO, RESULT, WELCOME, FakeDaemon, bytes_field, frame, number_field,
                         varint)
from harness import DEADLINE_S, DONE, NO_DAEMON, TIMEOUT, USAGE, Acdctl, Daemon, check
from peer import fixed_field

FLOOR = """
agent_grace: 1s
gateway_grace: 1s
skills: [talk]
queues:
  voice: {requirement: {all: {talk: 1}}, offer_timeout: 1m, cool_down: 1h, missed_max: 0,
          on_agent_lost: requeue}
  quick: {requirement: {all: {talk: 1}}, offer_timeout: 1s, cool_down: 1h, missed_max: 0}
agents:
  anna: {skills: {talk: 5}}
  bob: {skills: {talk: 5}}
"""
N = r"\d+"
ID = "[0-9a-z]{13}"
SLACK_S = 5
EVENTS = 103


class Desk:
    """An agent's desktop."""

    def __init__(self, play, name):
        self.play = play
        self.name = name
        self.line = None
        self.session = 0

    def log_in(self):
        self.line = Connection(self.play.schema, self.play.address)
        self.line.hello("default", "AGENT", "desk-" + self.name)
        self.session = self.line.ask("LOGIN", agent=self.name).session

    def ask(self, kind, **fields):
        return self.line.ask(kind, self.session, **fields)

    def offer(self, contact):
        return self.line.push("OFFER", lambda offer: offer.contact == contact).body

    def ready(self):
        self.ask("READY")
        self.play.expect("UNPAUSEALL", agent=self.name, data="")

    def pause(self, label):
        self.ask("PAUSE", label=label)
        self.play.expect("PAUSEALL", agent=self.name, data=label)


class Play:
    """The parties, the acts, and the lines that they lead to."""

    def __init__(self, daemon, schema):
        self.daemon = daemon
        self.acdctl = daemon.acdctl
        self.schema = schema
        self.address = self.acdctl.address
        self.expected = []
        self.anna = Desk(self, "anna")
        self.bob = Desk(self, "bob")
        self.gateway = None
        self.names = {}  # client key -> id as in the file

    def expect(self, event, key="NONE", queue="NONE", agent="NONE", data=""):
        """data: a pattern."""
        self.expected.append((event, key, queue, agent, data))

    def open_gateway(self, name):
        self.gateway = Connection(self.schema, self.address)
        self.gateway.hello("default", "GATEWAY", name)

    def submit(self, key, position, queue="voice", channel="phone", **fields):
        number = self.gateway.ask("SUBMIT", queue=queue, channel=channel, client_key=key,
                                  **fields).id
        self.expect("ENTERQUEUE", key, queue, data=r"\|%s\|%d" % (key.replace("|", "_"), position))
        return number

    def report(self, contact, what, assignment=0, reason="UNSPECIFIED"):
        self.gateway.ask("REPORT", contact=contact, assignment=assignment,
                         report=self.schema.value("REPORT_" + what),
                         reason=self.schema.value("REASON_" + reason))

    def cancel(self, contact, reason="UNSPECIFIED"):
        self.gateway.ask("CANCEL", contact=contact, reason=self.schema.value("REASON_" + reason))

    def until(self, kind, reason, count=1):
        """Wait until so many events of this kind and reason are in the log."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            last = self.acdctl("status", "--json").expect(DONE).json()
            run = self.acdctl("events", "--from", "1", "--duration", "100ms", "--json")
            seen = [event for event in run.expect(DONE).lines()
                    if event.get("event") == kind and event.get("reason") == reason]
            if len(seen) >= count:
                return
        check(False, "no %s %s: %s", kind, reason, last)

    def connect(self, desk, contact, key, queue="voice"):
        """What is offered to him is accepted and connected."""
        offer = desk.offer(contact)
        desk.ask("ACCEPT", assignment=offer.assignment, epoch=offer.epoch)
        self.report(contact, "CONNECTED", offer.assignment)
        self.expect("CONNECT", key, queue, desk.name, r"%s\|%s\|%s" % (N, ID, N))
        return offer.assignment

    #
    # The acts.
    #

    def come(self):
        self.open_gateway("pbx")
        for desk in (self.anna, self.bob):
            desk.log_in()
            self.expect("AGENTLOGIN", agent=desk.name, data="")
            self.expect("PAUSEALL", agent=desk.name, data="login")

    def answer(self):
        """By the agent, and by the caller."""
        self.anna.ready()
        contact = self.submit("one", 1)
        assignment = self.connect(self.anna, contact, "one")
        self.anna.ask("HOLD", assignment=assignment)
        self.anna.ask("UNHOLD", assignment=assignment)
        self.anna.ask("COMPLETE", assignment=assignment, label="sold")
        self.expect("COMPLETEAGENT", "one", "voice", "anna", r"%s\|%s\|1" % (N, N))
        contact = self.submit("two|2", 1)
        self.connect(self.anna, contact, "two|2")
        self.report(contact, "ENDED", reason="ENDED_BY_CUSTOMER")
        self.expect("COMPLETECALLER", "two|2", "voice", "anna", r"%s\|%s\|1" % (N, N))
        self.anna.pause("lunch")

    def wait_in_vain(self):
        """Who overtakes whom, and where one stands when one leaves."""
        first = self.submit("w1", 1)
        self.submit("w2", 2)
        self.submit("w3", 1, band=20)
        fourth = self.submit("w4", 2, credit_ms=3600000)
        self.cancel(first)
        self.expect("ABANDON", "w1", "voice", data=r"3\|1\|%s" % N)
        self.gateway.ask("UPDATE", contact=fourth, band=31, credit_ms=0)
        self.cancel(fourth, "CANCELLED")
        self.expect("WITHDRAW", "w4", "voice", data=r"1\|2\|%s\|CANCELLED" % N)
        self.acdctl("cancel", "--key", "w3").expect(DONE)
        self.expect("WITHDRAW", "w3", "voice", data=r"1\|1\|%s\|OPERATOR" % N)
        self.acdctl("cancel", "--key", "w2").expect(DONE)
        self.expect("WITHDRAW", "w2", "voice", data=r"1\|2\|%s\|OPERATOR" % N)

    def ring(self):
        """Offers that come to nothing, each in its way."""
        self.anna.ready()
        contact = self.submit("r1", 1)
        offer = self.anna.offer(contact)
        self.anna.ask("REJECT", assignment=offer.assignment)
        self.expect("RINGNOANSWER", "r1", "voice", "anna", N)
        self.bob.ready()
        offer = self.bob.offer(contact)
        self.bob.ask("ACCEPT", assignment=offer.assignment, epoch=offer.epoch)
        self.report(contact, "FAILED", offer.assignment, "FAILED_BUSY")
        self.expect("RINGNOANSWER", "r1", "voice", "bob", N)
        self.cancel(contact)
        self.expect("ABANDON", "r1", "voice", data=r"1\|1\|%s" % N)
        self.bob.pause("desk")
        contact = self.submit("r2", 1)
        self.anna.offer(contact)
        self.cancel(contact)
        self.expect("RINGCANCELED", "r2", "voice", "anna", N)
        self.expect("ABANDON", "r2", "voice", data=r"1\|1\|%s" % N)
        contact = self.submit("r3", 1)
        self.anna.offer(contact)
        self.anna.ask("PAUSE", label="tea")
        self.expect("RINGCANCELED", "r3", "voice", "anna", N)
        self.expect("PAUSEALL", agent="anna", data="tea")
        self.cancel(contact)
        self.expect("ABANDON", "r3", "voice", data=r"1\|1\|%s" % N)
        self.anna.ready()
        contact = self.submit("r4", 1, queue="quick")
        self.anna.line.push("OFFER_ENDED", lambda ended: ended.reason ==
                            self.schema.value("REASON_OFFER_TIMEOUT"))
        self.expect("RINGNOANSWER", "r4", "quick", "anna", r"1\d\d\d")
        self.cancel(contact)
        self.expect("ABANDON", "r4", "quick", data=r"1\|1\|%s" % N)
        self.anna.pause("desk")

    def lose_agent(self):
        """His contact comes back to the queue: another stay."""
        self.bob.ready()
        contact = self.submit("l1", 1)
        self.connect(self.bob, contact, "l1")
        self.bob.line.close()
        self.expect("PAUSEALL", agent="bob", data="lost")
        self.until("AGENT_LOGGED_OUT", "AGENT_LOST")
        self.expect("COMPLETEAGENT", "l1", "voice", "bob", r"%s\|%s\|1" % (N, N))
        self.expect("ENTERQUEUE", "l1", "voice", data=r"\|l1\|1")
        self.expect("AGENTLOGOFF", agent="bob", data=r"\|%s" % N)
        self.anna.ready()
        assignment = self.connect(self.anna, contact, "l1")
        self.anna.ask("COMPLETE", assignment=assignment)
        self.expect("COMPLETEAGENT", "l1", "voice", "anna", r"%s\|%s\|1" % (N, N))

    def lose_gateway(self):
        """Who waits and who talks is gone with it."""
        contact = self.submit("g1", 1)
        self.connect(self.anna, contact, "g1")
        self.submit("g2", 1)
        self.gateway.close()
        self.until("CONTACT_CLOSED", "GATEWAY_LOST", 2)
        self.lost = [("COMPLETECALLER", "g1", "voice", "anna", r"%s\|%s\|1" % (N, N)),
                     ("WITHDRAW", "g2", "voice", "NONE", r"1\|1\|%s\|GATEWAY_LOST" % N)]
        self.expected += self.lost
        self.open_gateway("pbx")

    def go_home(self):
        self.anna.ask("LOGOUT")
        self.expect("AGENTLOGOFF", agent="anna", data=r"\|%s" % N)
        self.anna.log_in()
        self.expect("AGENTLOGIN", agent="anna", data="")
        self.expect("PAUSEALL", agent="anna", data="login")
        self.anna.ready()

    def restart(self):
        """An offer is open when the daemon dies, and somebody else waits."""
        for key, position in (("s1", 1), ("s2", 2)):
            self.acdctl("submit", "voice", "--channel", "email", "--key", key).expect(DONE)
            self.expect("ENTERQUEUE", key, "voice", data=r"\|%s\|%d" % (key, position))
        self.offered("s1")
        self.daemon.kill()
        self.daemon.start()
        self.expect("QUEUESTART", data="")
        self.expect("RINGCANCELED", "s1", "voice", "anna", N)
        self.anna.log_in()
        for key, position in (("s1", 1), ("s2", 2)):
            offer = self.offered(key)
            self.anna.ask("ACCEPT", assignment=offer, epoch=0)
            self.expect("CONNECT", key, "voice", "anna", r"%s\|%s\|%s" % (N, ID, N))
            self.anna.ask("COMPLETE", assignment=offer)
            self.expect("COMPLETEAGENT", key, "voice", "anna", r"%s\|%s\|%d" % (N, N, position))
        self.anna.ask("LOGOUT")
        self.expect("AGENTLOGOFF", agent="anna", data=r"\|%s" % N)

    def offered(self, key):
        """The assignment that offers this contact to anna, by a look at her desk."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            for open_one in self.anna.ask("SNAPSHOT").snapshot.assignments:
                if open_one.client_key == key:
                    return open_one.assignment
        check(False, "%s is not offered again", key)
        return 0

    def play(self):
        for act in (self.come, self.answer, self.wait_in_vain, self.ring, self.lose_agent,
                    self.lose_gateway, self.go_home, self.restart):
            act()


def check_lines(play, lines):
    """Each line, in order. Configuring was before the play."""
    while lines and lines[0].event in ("CONFIGRELOAD", "QUEUESTART"):
        lines = lines[1:]
    calls = {}
    for line, (event, key, queue, agent, data) in zip(lines, play.expected):
        call = calls.setdefault(key, line.call) if key != "NONE" else "NONE"
        text = "|".join(line.data)
        check((line.event, line.call, line.queue, line.agent) == (event, call, queue, agent) and
              re.fullmatch(data, text), "%s\nis not\n%s", line, (event, key, queue, agent, data))
        check(call == "NONE" or re.fullmatch(ID, call), "%s", line)
    check(len(lines) == len(play.expected), "%d lines instead of %d: %s", len(lines),
          len(play.expected), lines[len(play.expected):])
    check(len(set(calls.values())) == len(calls), "two contacts under one id")
    check(all(a.second <= b.second for a, b in zip(lines, lines[1:])), "time goes back")


def check_counts(play, lines):
    """The reader counts what the daemon counts."""
    queues, odd = reader.statistics(lines)
    check(not odd, "%s", "\n".join(odd))
    for row in play.acdctl("queues", "--json").expect(DONE).json()["queues"]:
        queue = queues[row["queue"]]
        check(row["answered"] == len(queue.calls_answered), "%s: answered %d", row,
              len(queue.calls_answered))
        check(row["abandoned"] == queue.abandoned, "%s: abandoned %d", row, queue.abandoned)
        # A contact that came back from a lost agent entered twice, and left the agent once more.
        back = queue.answered - len(queue.calls_answered)
        check(row["submitted"] == queue.entered - back, "%s: entered %d", row, queue.entered)
        check(row["closed"] == queue.completed + queue.abandoned + queue.withdrawn - back,
              "%s: ended", row)
    return queues


def check_selection(play, lines, directory):
    """--from, --until, --output, --fresh and --follow."""
    acdctl = play.acdctl
    whole = acdctl("export", "queue_log").expect(DONE)
    last = int(re.search(r"--from (\d+)", whole.err).group(1)) - 1
    path = os.path.join(directory, "queue_log")
    for middle in range(1, last, last // 7):
        with open(path, "w", encoding="ascii") as file:
            file.write("kept\n")
        acdctl("export", "queue_log", "--until", str(middle), "--output", path).expect(DONE)
        acdctl("export", "queue_log", "--output", path, "--from", str(middle + 1)).expect(DONE)
        with open(path, encoding="ascii") as file:
            check(file.read() == "kept\n" + whole.out, "cut at %d", middle)
        fresh = acdctl("export", "queue_log", "--from", str(middle), "--fresh").expect(DONE)
        reader.parse(fresh.out)
    beyond = acdctl("export", "queue_log", "--from", str(last + 1)).expect(DONE)
    check(beyond.out == "", "%s", beyond)
    check(acdctl("export", "cdr").expect(USAGE).err.count("queue_log"), "which formats there are")
    acdctl("export", "queue_log", "--output", directory).expect(USAGE)
    acdctl("export", "queue_log", "--output", "/dev/full").expect(USAGE)
    check_two_writers(acdctl, whole.out, path)
    check_follow(play, lines, last)


def check_two_writers(acdctl, text, path):
    """Two exports append to one file at the same time: no line is torn."""
    os.remove(path)
    writers = [acdctl.start("export", "queue_log", "--output", path) for _ in range(2)]
    for writer in writers:
        writer.communicate()
        check(writer.returncode == 0, "ended with %d", writer.returncode)
    with open(path, encoding="ascii") as file:
        check(sorted(file.read().splitlines()) == sorted(2 * text.splitlines()), "lines are torn")


def check_follow(play, lines, last):
    """It goes on with what happens, each line when it happens, over a restart of the daemon."""
    follower = play.acdctl.start("export", "queue_log", "--follow", "--from", str(last + 1))
    play.acdctl("submit", "voice", "--channel", "email", "--key", "late").expect(DONE)
    line = reader.parse(follower.stdout.readline())[0]
    check(line.event == "ENTERQUEUE" and line.data == ["", "late", "1"], "%s", line)
    play.acdctl("cancel", "--key", "late").expect(DONE)
    line = reader.parse(follower.stdout.readline())[0]
    check(line.event == "WITHDRAW" and line.second >= lines[-1].second, "%s", line)
    play.daemon.kill()
    play.daemon.start()
    play.acdctl("submit", "voice", "--channel", "email", "--key", "later").expect(DONE)
    for event in ("QUEUESTART", "ENTERQUEUE"):
        line = reader.parse(follower.stdout.readline())[0]
        check(line.event == event, "%s instead of %s", line, event)
    check(line.data == ["", "later", "1"], "%s", line)
    follower.terminate()
    follower.communicate()
    check(follower.returncode == 0, "ended with %d", follower.returncode)


def come_and_go(schema, gateway, numbers):
    """A contact for each number, many requests on their way at once."""
    keys = ["%064d" % number for number in numbers]
    for kind, more in (("SUBMIT", {"queue": "voice", "channel": "chat"}), ("CANCEL", {})):
        number = schema.number[kind]
        sent = [gateway.send_bytes(number, schema.message[number](client_key=key, **more)
                                   .SerializeToString()) for key in keys]
        for correlation in sent:
            body = gateway.answer(correlation).body
            check(schema.result_name(body.code) == "OK", "%s: %s", kind, body)


def forgotten(acdd, acdctl, schema):
    """The event log no longer reaches back to the first event: what is left is told, no position
    is guessed, and asking for what is gone is answered."""
    with Daemon(acdd, acdctl, "--event-retention-size", "8M") as daemon:
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        gateway = Connection(schema, daemon.acdctl.address)
        first = gateway.hello("default", "GATEWAY", "pbx").event_first_sequence
        count = 0
        while first == 1:
            come_and_go(schema, gateway, range(count, count + 500))
            count += 500
            look = Connection(schema, daemon.acdctl.address)
            first = look.hello("default", "READER", "look").event_first_sequence
            look.close()
            check(count < 100000, "the event log forgets nothing")
        run = daemon.acdctl("export", "queue_log", "--from", "1").expect(DONE)
        check("event 1 is not kept any more: begins with %d" % first in run.err, "%s", run.err)
        lines = reader.parse(run.out)
        check(0 < len(lines) < 2 * count, "%d lines of %d contacts", len(lines), count)
        for line in lines:
            check(line.event in ("ENTERQUEUE", "ABANDON"), "%s", line)
            if line.event == "ENTERQUEUE":
                check(line.data[0] == line.data[2] == "", "%s", line)
            else:
                check(line.data[:2] == ["", ""] and int(line.data[2]) <= 1, "%s", line)
        gateway.close()


class Reluctant(FakeDaemon):
    """Has five events, says yes to SUBSCRIBE, and then sends these bytes or nothing."""

    def __init__(self, path, batch):
        self.batch = batch
        super().__init__(path)

    def answer(self, kind, correlation, session, body):
        said = super().answer(kind, correlation, session, body)
        if kind == HELLO:
            more = varint(18 << 3) + varint(1) + varint(19 << 3) + varint(5)
            return frame(WELCOME, correlation, session, said[16:] + more)
        yes = frame(RESULT, correlation, session, number_field(1, 1) + fixed_field(3, 7))
        if self.batch is None:
            return yes
        return yes + frame(EVENTS, 0, 0, number_field(2, 7) + number_field(4, 5) +
                           bytes_field(5, self.batch))


def left_alone(acdctl, directory):
    """Events that do not come, or are none, end an export with the reason, not never."""
    for name, batch, code in (("silent", None, TIMEOUT), ("damaged", b"\x0a\x05ab", NO_DAEMON)):
        path = os.path.join(directory, name)
        fake = Reluctant(path, batch)
        run = Acdctl(acdctl, "unix:" + path)("export", "queue_log", "--timeout", "500ms")
        fake.close()
        run.expect(code)
        check(run.out == "", "%s", run)


def play_again(acdsim, queues, text, directory):
    """acdsim has the same contacts. Who was answered is not the same: these few are of one
    minute, and whoever was withdrawn or hung up in it may be served, or not, in another run."""
    path = os.path.join(directory, "again")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    done = subprocess.run([acdsim, "--queue-log", path, "--json"], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, "acdsim: %s%s", done.stdout, done.stderr)
    result = json.loads(done.stdout)
    entered = sum(queue.entered for queue in queues.values())
    check(result["simulated"]["calls"] == entered, "%s: entered %d", result["simulated"], entered)
    recorded = result["recorded"]
    check(recorded["answered"] == sum(queue.answered for queue in queues.values()), "%s", recorded)


def main():
    acdd, acdctl, acdsim, root = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="acdd-test-") as directory:
        schema = Schema(root, directory)
        begin = int(time.time())
        with Daemon(acdd, acdctl) as daemon:
            daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
            play = Play(daemon, schema)
            play.play()
            text = daemon.acdctl("export", "queue_log").expect(DONE).out
            lines = reader.parse(text)
            # The daemon follows the clock on the wall in steps of its own.
            check(begin - SLACK_S <= lines[0].second and
                  lines[-1].second <= time.time() + SLACK_S, "%s", (begin, lines[0], lines[-1]))
            check_lines(play, lines)
            queues = check_counts(play, lines)
            check_selection(play, lines, directory)
        daemon.acdctl("export", "queue_log").expect(NO_DAEMON)
        forgotten(acdd, acdctl, schema)
        left_alone(acdctl, directory)
        play_again(acdsim, queues, text, directory)
    print("%d lines, each as it must be" % len(lines))


if __name__ == "__main__":
    main()
