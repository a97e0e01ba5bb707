#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A contact's life through a running acdd, by a client that has only the document.

usage: life.py ROOT --acdd PROGRAM      start a daemon in a directory of its own
       life.py ROOT --address ADDRESS   use one that runs (HOST:PORT or unix:PATH);
                                        it gets the tenant "python-PID"

Prints one line per step; the exit code is 0 when everything was as the document
says.
"""

import os
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from client import Connection, Refused, Schema

START_SECONDS = 20


def step(text):
    print("ok: " + text, flush=True)


def refused(code, field, function, *arguments, **fields):
    """The call is refused with this code, naming this field (None: any)."""
    try:
        function(*arguments, **fields)
    except Refused as refusal:
        assert refusal.code == code, "%s instead of %s" % (refusal, code)
        assert field is None or refusal.result.field == field, \
            "%s names %r, not %r" % (code, refusal.result.field, field)
        assert refusal.result.text, "a refusal has a sentence"
        return refusal.result
    raise AssertionError("%s was not refused" % code)


class Life:
    """The parties of the play, and its acts."""

    def __init__(self, schema, address, tenant):
        self.schema = schema
        self.address = address
        self.tenant = tenant
        self.operator = self.connect()
        self.gateway = None
        self.desk = None
        self.session = 0

    def connect(self):
        return Connection(self.schema, self.address)

    def configure(self):
        """An operator makes the tenant and everything in it."""
        self.operator.hello(self.tenant, "OPERATOR", "py-operator")
        apply = lambda **change: self.operator.ask("APPLY", **change)
        kind = self.schema.type
        assert apply(tenant=kind("TenantConfig")(name=self.tenant)).created
        apply(skill=kind("SkillConfig")(name="german"))
        queue = kind("QueueConfig")(name="sales", wrap_up_ms=60000, requirement=[
            kind("Term")(skill="german", level_min=3)])
        assert apply(queue=queue).created
        assert apply(queue=queue).result.code == self.schema.value("RESULT_DUPLICATE")
        queue.band = 20
        assert list(apply(queue=queue).changed) == ["band"]
        apply(agent=kind("AgentConfig")(name="alice", skills=[
            kind("SkillLevel")(skill="german", level=5)]))
        gone = kind("Remove")(object=self.schema.value("OBJECT_QUEUE"), name="nothing")
        assert apply(remove=gone).result.code == self.schema.value("RESULT_DUPLICATE")
        step("configured; the same again changes nothing")

    def arrive(self):
        """A gateway and a desktop come."""
        self.gateway = self.connect()
        welcome = self.gateway.hello(self.tenant, "GATEWAY", "py-gateway")
        assert welcome.epoch > 0 and welcome.gateway_id > 0 and welcome.heartbeat_ms > 0
        self.desk = self.connect()
        self.desk.hello(self.tenant, "AGENT", "py-desk")
        refused("NOT_LOGGED_IN", None, self.desk.ask, "READY")
        address = self.schema.type("Address")(channel="phone", address="sip:12@pbx.example")
        reply = self.desk.ask("LOGIN", agent="alice", addresses=[address])
        self.session = reply.session
        assert reply.session > 0
        assert reply.snapshot.agent.agent == "alice"
        assert reply.snapshot.agent.presence == self.schema.value("PRESENCE_PAUSED")
        ready = self.desk.ask("READY", self.session)
        assert ready.state == self.schema.value("PRESENCE_READY")
        step("gateway and desktop are there, alice is ready")

    def submit(self):
        """A contact enters once, however often it is said."""
        fields = {"queue": "sales", "channel": "phone", "client_key": "call-1",
                  "customer_key": "+49 30 123", "attributes": b"\x00\x01raw", "credit_ms": 5000}
        first = self.gateway.ask("SUBMIT", **fields)
        again = self.gateway.ask("SUBMIT", **fields)
        assert first.id > 0 and again.id == first.id
        assert again.code == self.schema.value("RESULT_DUPLICATE")
        fields["credit_ms"] = 6000
        refused("CONFLICT", "credit_ms", self.gateway.ask, "SUBMIT", **fields)
        refused("UNKNOWN", "queue", self.gateway.ask, "SUBMIT", queue="nowhere", channel="phone")
        refused("MISSING", "channel", self.gateway.ask, "SUBMIT", queue="sales")
        refused("INVALID", "band", self.gateway.ask, "SUBMIT", queue="sales", channel="phone",
                band=32)
        refused("TOO_LARGE", "attributes", self.gateway.ask, "SUBMIT", queue="sales",
                channel="phone", attributes=b"x" * 4097)
        step("submitted; the same twice is one contact")
        return first.id

    def serve(self, contact):
        """Offer, accept, connect, hold, complete, wrap up."""
        state = lambda name: self.schema.value("ASSIGNMENT_STATE_" + name)
        offer = self.desk.push("OFFER").body
        assert offer.contact == contact and offer.queue == "sales" and offer.channel == "phone"
        assert offer.attributes == b"\x00\x01raw" and offer.customer_key == "+49 30 123"
        assert offer.client_key == "call-1" and 0 < offer.left_ms <= 20000
        assert self.assignment("OFFERED").agent == "alice"

        act = lambda kind, **more: self.desk.ask(kind, self.session, assignment=offer.assignment,
                                                 **more)
        accepted = act("ACCEPT", epoch=offer.epoch)
        assert accepted.id == offer.assignment and accepted.state == state("CONNECTING")
        assert act("ACCEPT").code == self.schema.value("RESULT_DUPLICATE")
        connecting = self.assignment("CONNECTING")
        assert connecting.address == "sip:12@pbx.example" and connecting.client_key == "call-1"

        report = lambda kind: self.gateway.ask("REPORT", contact=contact,
                                               assignment=offer.assignment,
                                               report=self.schema.value("REPORT_" + kind))
        report("RINGING")
        assert report("CONNECTED").state == self.schema.value("CONTACT_STATE_ACTIVE")
        self.assignment("ACTIVE")
        assert act("HOLD").state == state("HELD")
        assert act("UNHOLD").state == state("ACTIVE")
        self.reconnect(contact, offer.assignment)
        act = lambda kind, **more: self.desk.ask(kind, self.session, assignment=offer.assignment,
                                                 **more)
        assert act("COMPLETE", label="sold").state == state("WRAP_UP")
        refused("GONE", None, self.desk.ask, "HOLD", self.session, assignment=offer.assignment)
        self.assignment("WRAP_UP")
        act("WRAP_UP")
        self.assignment("CLOSED")
        refused("GONE", None, self.desk.ask, "COMPLETE", self.session, assignment=offer.assignment)
        step("offered, accepted, connected, held, completed, wrapped up")

    def assignment(self, state):
        wanted = self.schema.value("ASSIGNMENT_STATE_" + state)
        return self.gateway.push("ASSIGNMENT", lambda push: push.state == wanted).body

    def reconnect(self, contact, assignment):
        """Both connections break in the middle of the call; nothing is lost."""
        self.gateway.close()
        self.desk.close()
        self.gateway = self.connect()
        self.gateway.hello(self.tenant, "GATEWAY", "py-gateway")
        resumed = self.gateway.ask("RESUME", contacts=[contact, 12345], first=True, last=True)
        assert list(resumed.outcomes) == [self.schema.value("RESUMED_KEPT"),
                                          self.schema.value("RESUMED_UNKNOWN")]
        self.desk = self.connect()
        self.desk.hello(self.tenant, "AGENT", "py-desk")
        reply = self.desk.ask("LOGIN", agent="alice")
        self.session = reply.session
        open_ones = [a.assignment for a in reply.snapshot.assignments]
        assert open_ones == [assignment], "the snapshot has the call"
        assert reply.snapshot.agent.presence == self.schema.value("PRESENCE_READY")
        step("reconnected in the middle of the call")

    def look(self, contact):
        """Questions, and what may not be asked."""
        query = self.gateway.ask("QUERY", client_key="call-2")
        assert query.contact.contact == contact
        assert query.contact.state == self.schema.value("CONTACT_STATE_WAITING")
        refused("NOT_ALLOWED", None, self.gateway.ask, "STATUS")
        refused("NOT_ALLOWED", None, self.desk.ask, "SUBMIT", queue="sales", channel="phone")
        queues = self.operator.ask("LIST", object=self.schema.value("OBJECT_QUEUE")).queues
        assert [(q.queue, q.waiting) for q in queues] == [("sales", 1)]
        waiting = self.operator.ask("LIST", object=self.schema.value("OBJECT_CONTACT"),
                                    queue="sales").contacts
        assert [c.contact for c in waiting] == [contact]
        ids = self.operator.ask("RESOLVE", names=[
            self.schema.type("Name")(object=self.schema.value("OBJECT_QUEUE"), name="sales"),
            self.schema.type("Name")(object=self.schema.value("OBJECT_QUEUE"), name="none")]).ids
        assert list(ids) == [queues[0].queue_id, 0]
        assert self.operator.ask("STATUS", with_metrics=True).metrics
        assert self.operator.ask("PING", client_time_ns=77).client_time_ns == 77
        step("queries, lists, handles, status")

    def leave(self):
        """A second contact is abandoned, the agent goes home."""
        self.desk.ask("PAUSE", self.session, label="lunch")
        second = self.gateway.ask("SUBMIT", queue="sales", channel="phone", client_key="call-2")
        assert second.state == self.schema.value("CONTACT_STATE_WAITING")
        self.look(second.id)
        self.gateway.ask("CANCEL", client_key="call-2")
        refused("GONE", None, self.gateway.ask, "UPDATE", contact=second.id, credit_ms=1)
        self.desk.ask("LOGOUT", self.session)
        step("abandoned while waiting; logged out")

    def serve_tersely(self):
        """What answers say and nobody waits for is not pushed to those who asked for that."""
        gateway = self.connect()
        welcome = gateway.hello(self.tenant, "GATEWAY", "py-terse",
                                ["no-assignments", "results-only", "unheard-of"])
        assert list(welcome.features) == ["no-assignments"]
        desk = self.connect()
        welcome = desk.hello(self.tenant, "AGENT", "py-terse-desk", ["results-only"])
        assert list(welcome.features) == ["results-only"]
        session = desk.ask("LOGIN", agent="alice").session
        desk.ask("READY", session)
        gateway.ask("SUBMIT", queue="sales", channel="chat")
        offer = desk.push("OFFER").body
        state = lambda name: self.schema.value("ASSIGNMENT_STATE_" + name)
        act = lambda kind: desk.ask(kind, session, assignment=offer.assignment).state
        assert act("ACCEPT") == state("ACTIVE") and act("HOLD") == state("HELD")
        assert act("UNHOLD") == state("ACTIVE") and act("COMPLETE") == state("WRAP_UP")
        assert act("WRAP_UP") == state("CLOSED")
        for connection in (gateway, desk):
            connection.ask("PING")
        pushes = [frame for frame in desk.pushes if frame.name == "ASSIGNMENT_STATE"]
        assert len(pushes) == 1, "of all these only the wrap-up has more to say: its end"
        assert pushes[0].body.state == state("WRAP_UP") and pushes[0].body.left_ms > 0
        assert not gateway.pushes
        desk.ask("LOGOUT", session)
        self.tell_what_no_answer_tells(gateway, desk, offer.assignment + (1 << 28))
        step("results only, no assignments: %d push instead of 5 and 7" % len(pushes))

    def tell_what_no_answer_tells(self, gateway, desk, number):
        """READY answers for an agent. What it leads to is pushed, even if his id is the number
        of the assignment as well: that is made so."""
        kind = self.schema.type
        apply = lambda **change: self.operator.ask("APPLY", **change)
        apply(queue=kind("QueueConfig")(name="quick", auto_accept=True))
        agent = 0
        while agent < number:
            name = "extra-%d" % agent
            agent = apply(agent=kind("AgentConfig")(name=name)).result.id
        assert agent == number, "agents and assignments are numbered alike"
        session = desk.ask("LOGIN", agent=name).session
        gateway.ask("SUBMIT", queue="quick", channel="chat")
        desk.ask("READY", session)
        active = self.schema.value("ASSIGNMENT_STATE_ACTIVE")
        push = desk.push("ASSIGNMENT_STATE", lambda body: body.state == active).body
        assert push.assignment == number
        desk.ask("COMPLETE", session, assignment=number)
        desk.ask("LOGOUT", session)

    def read_events(self, contact):
        """All of it once more, as events without a gap."""
        reader = self.connect()
        reader.hello(self.tenant, "READER", "py-reader")
        subscription = reader.ask("SUBSCRIBE", from_sequence=1).id
        kinds = []
        expected = 1
        last = None
        while last is None or expected <= last:
            events = reader.push("EVENTS").body
            assert events.subscription == subscription and not events.resync
            last = events.last_sequence if last is None else last
            assert events.batch.tenant == self.tenant
            assert events.batch.first_sequence == expected
            for event in events.batch.events:
                assert event.sequence in (0, expected)
                expected += 1
                if event.contact == contact:
                    queue = events.batch.references[event.queue - 1]
                    assert queue.name == "sales" and event.client_key == "call-1"
                    kinds.append(self.schema.type("EventKind").Name(event.kind)[len("EVENT_"):])
        assert kinds == ["CONTACT_SUBMITTED", "CONTACT_QUEUED", "CONTACT_OFFERED",
                         "OFFER_ACCEPTED", "CONTACT_RINGING", "CONTACT_CONNECTED", "CONTACT_HELD",
                         "CONTACT_RESUMED", "CONTACT_CLOSED", "WRAP_UP_STARTED",
                         "ASSIGNMENT_CLOSED"], kinds
        step("%d events without a gap" % (expected - 1))

    def misbehave(self):
        """What is wrong is answered, and only what cannot be read ends the connection."""
        odd = self.connect()
        odd.hello(self.tenant, "GATEWAY", "py-odd")
        for kind, body, code in ((120, b"", "UNSUPPORTED"),
                                 (self.schema.number["SUBMIT"], b"\x0a\x05ab", "MALFORMED"),
                                 (self.schema.number["CANCEL"], b"\x18\x63", "INVALID")):
            answer = odd.answer(odd.send_bytes(kind, body))
            assert self.schema.result_name(answer.body.code) == code
        assert odd.ask("PING", client_time_ns=1).client_time_ns == 1
        odd.link.sendall(b"\xff" * 16)
        bye = odd.receive()
        assert bye.name == "BYE" and bye.body.code != 0 and bye.body.text
        try:
            odd.receive()
            raise AssertionError("BYE is the last frame")
        except EOFError:
            pass
        step("bad requests are answered, bad frames end in BYE")

    def play(self):
        self.configure()
        self.arrive()
        contact = self.submit()
        self.serve(contact)
        self.leave()
        self.serve_tersely()
        self.read_events(contact)
        self.misbehave()


def start_daemon(program, directory):
    """A daemon of our own. Returns it when its log says that it listens."""
    io = os.environ.get("ACD_TEST_IO", "auto")
    daemon = subprocess.Popen([program, "--data-dir", directory, "--listen", "unix:acdd.sock",
                               "--io", io],
                              stderr=subprocess.PIPE)
    said = []
    signal.alarm(START_SECONDS)
    for line in daemon.stderr:
        said.append(line.decode(errors="replace"))
        if "listening" in said[-1]:
            signal.alarm(0)
            return daemon, "unix:" + os.path.join(directory, "acdd.sock")
    raise AssertionError("the daemon does not listen:\n" + "".join(said))


def play_with_own_daemon(schema, program):
    with tempfile.TemporaryDirectory() as directory:
        daemon, address = start_daemon(program, directory)
        try:
            life = Life(schema, address, "acme")
            life.play()
            life.operator.ask("STOP", fast=True)
            assert daemon.wait(timeout=START_SECONDS) == 0, "exit code %d" % daemon.returncode
            step("stopped on request")
        except BaseException:
            daemon.kill()
            sys.stderr.write(daemon.communicate()[1].decode(errors="replace"))
            raise


def main():
    root, option, value = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as generated:
        schema = Schema(root, generated)
        if option == "--acdd":
            play_with_own_daemon(schema, value)
        else:
            Life(schema, value, "python-%d" % os.getpid()).play()
    print("all as docs/PROTOCOL.md says")


if __name__ == "__main__":
    main()
