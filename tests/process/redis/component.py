# SPDX-License-Identifier: Apache-2.0
"""A component that has Redis and nothing else: it asks by entries of commands, reads its
answers from its own stream, and listens to the channel of an agent.

What it knows is docs/REDIS.md, docs/PROTOCOL.md and the messages in proto/.
"""

import pathlib
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python_client"))

import client  # noqa: E402
import resp  # noqa: E402
from harness import check  # noqa: E402
from server import until  # noqa: E402

PAGE = 1000
ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


class Answer(typing.NamedTuple):
    for_: str
    kind: str
    body: object  # the message
    correlation: bytes
    session: str

    @property
    def result(self):
        return self.body if self.kind == "RESULT" else self.body.result


def fields_of(entry):
    names, values = entry[1][0::2], entry[1][1::2]
    return {name.decode(): value for name, value in zip(names, values)}


class Component:
    """One sender of one tenant."""

    def __init__(self, schema, redis, tenant="default", sender="c"):
        self.schema = schema
        self.redis = redis
        self.tenant = tenant
        self.sender = sender
        self.position = "0"
        self.answers = {}  # id of the entry -> answers, in order

    def key(self, what):
        return "acd:{%s}:%s" % (self.tenant, what)

    def message(self, kind, **fields):
        return self.schema.message[self.schema.number[kind]](**fields)

    def words(self, kind, message=None, session=None, correlation=None):
        if message is None:
            message = self.message(kind)
        words = ["sender", self.sender, "kind", kind, "body", message.SerializeToString()]
        words += [] if session is None else ["session", session]
        return words + ([] if correlation is None else ["correlation", correlation])

    def send(self, kind, message=None, session=None, correlation=None):
        """Returns the id of the entry."""
        words = self.words(kind, message, session, correlation)
        return self.redis("XADD", self.key("commands"), "*", *words).decode()

    def read(self):
        """Take what came."""
        key = self.key("replies:" + self.sender)
        while True:
            entries = self.redis("XRANGE", key, "(" + self.position if self.position != "0" else
                                 "-", "+", "COUNT", PAGE)
            for entry in entries:
                self.position = entry[0].decode()
                answer = self.answer_of(fields_of(entry))
                self.answers.setdefault(answer.for_, []).append(answer)
            if len(entries) < PAGE:
                return

    def answer_of(self, fields):
        kind = fields["kind"].decode()
        message = self.message(kind)
        message.ParseFromString(fields["body"])
        return Answer(fields["for"].decode(), kind, message, fields.get("correlation", b""),
                      fields.get("session", b"").decode())

    def answer(self, entry):
        """The one answer to @entry, when it came."""
        def look():
            self.read()
            return self.answers.get(entry)

        found = until(look, "%s of %s is answered", entry, self.sender)
        check(len(found) == 1, "%s is answered %d times: %s", entry, len(found), found)
        return found[0]

    def ask(self, kind, message=None, session=None):
        return self.answer(self.send(kind, message, session))

    def do(self, kind, message=None, session=None, wants=("OK",)):
        """The answer, which must be one of those."""
        answer = self.ask(kind, message, session)
        name = self.schema.result_name(answer.result.code)
        check(name in wants, "%s gave %s, not %s: %s", kind, name, wants, answer)
        return answer

    def submit(self, queue="billing", channel="voice", **fields):
        return self.send("SUBMIT", self.message("SUBMIT", queue=queue, channel=channel, **fields))


class Listener:
    """What is published for an agent."""

    def __init__(self, component, redis, agent_id):
        self.component = component
        self.channel = component.key("agent:" + id_text(agent_id))
        self.connection = resp.Connection(redis.unix)
        check(self.connection("SUBSCRIBE", self.channel)[0] == b"subscribe", "not subscribed")

    def next(self):
        """The next push: session, kind and message."""
        schema = self.component.schema
        word, channel, data = self.connection.read()
        check(word == b"message" and channel == self.channel.encode(), "%s %s", word, channel)
        push = schema.type("AgentPush")()
        push.ParseFromString(data)
        check(push.tenant == self.component.tenant, "of another tenant: %s", push)
        check(id_text(push.agent) == self.channel[-13:], "of another agent: %s", push)
        message = schema.message[push.kind]()
        message.ParseFromString(push.body)
        return push.session, schema.name[push.kind], message

    def until(self, kind):
        """The next one of @kind; others before it are let go."""
        while True:
            session, name, message = self.next()
            if name == kind:
                return session, message

    def close(self):
        self.connection.close()


def id_text(number):
    """As people read an id: 13 letters, the highest first."""
    return "".join(ID_LETTERS[number >> 5 * place & 31] for place in range(12, -1, -1))


def schema_of(world):
    """The generated messages, in the case's directory."""
    return client.Schema(str(world.root), str(world.directory))
