# SPDX-License-Identifier: Apache-2.0
"""Requests over Redis: gateways and agents that have nothing but Redis get done what they
ask for, are answered once each, and whatever is no request is told apart.

usage: requests.py ACDD ACDCTL ACDBENCH REDIS_SERVER ROOT [CASE...]
"""

import contextlib
import signal
import subprocess

import resp
import rig
from component import Component, Listener, client, fields_of, schema_of
from harness import DONE, check
from server import until

FLOOR = """
tenant: %s
skills: [billing]
channels: {voice: {media: true}, mail: {}}
queues:
  billing: {requirement: {all: {billing: 1}}}
agents:
  anna: {skills: {billing: 5}}
  bert: {skills: {billing: 5}}
"""
WRAP_UP = """
tenant: default
queues: {billing: {requirement: {all: {billing: 1}}, wrap_up: 60s}}
"""
OWN = ("--redis-commands", "yes")
MIB = 1 << 20


@contextlib.contextmanager
def opened(world, *options, tenants=("default",)):
    """A daemon with a floor in each tenant, a server, and a component of the first tenant."""
    redis = world.server().start()
    schema = schema_of(world)
    with world.floor(redis.unix, *OWN, *options, tenants=()) as floor:
        for tenant in tenants:
            floor.acdctl("apply", "-", stdin=FLOOR % tenant).expect(DONE)
        yield floor, redis, Component(schema, redis, tenants[0])


def name_of(component, answer):
    return component.schema.result_name(answer.result.code)


def is_empty(redis, component):
    """Nothing is left of what was asked: no entry, none pending."""
    key = component.key("commands")
    return redis("XLEN", key) == 0 and redis("XPENDING", key, "acdd")[0] == 0


def until_empty(redis, component):
    until(lambda: is_empty(redis, component), "all requests are done: %s left",
          redis("XLEN", component.key("commands")))


def letters(redis, component):
    """The dead letters by the id of their entry."""
    return {fields["entry"].decode(): fields
            for fields in map(fields_of, redis("XRANGE", component.key("dead"), "-", "+"))}


# ---- gateways ----


def case_gateway(world):
    """Submit, update, report, query, list and cancel, and what is refused."""
    with opened(world) as (floor, redis, one):
        contact = one.do("SUBMIT", one.message("SUBMIT", queue="billing", channel="mail",
                                               client_key="k1", band=3)).result.id
        again = one.do("SUBMIT", one.message("SUBMIT", queue="billing", channel="mail",
                                             client_key="k1", band=3), wants=("DUPLICATE",))
        check(again.result.id == contact, "two contacts of one key")
        one.do("UPDATE", one.message("UPDATE", contact=contact, band=9))
        view = one.do("QUERY", one.message("QUERY", contact=contact)).body.contact
        check(view.band == 9 and view.client_key == "k1", "%s", view)
        answer = one.answer(one.send("CANCEL", one.message("CANCEL", client_key="k1"),
                                     correlation=b"\0any bytes\xff"))
        check(answer.correlation == b"\0any bytes\xff", "%s", answer)
        one.do("CANCEL", one.message("CANCEL", contact=contact), wants=("DUPLICATE", "GONE"))
        one.do("SUBMIT", one.message("SUBMIT", queue="nowhere", channel="mail"),
               wants=("UNKNOWN",))
        rows = one.do("LIST", one.message("LIST", object=one.schema.value("OBJECT_CONTACT")))
        check(rows.kind == "LIST_REPLY", "%s", rows)
        lower = one.answer(one.redis("XADD", one.key("commands"), "*", "kind", "Ping", "more", "x",
                                     "sender", one.sender, "body", "").decode())
        check(name_of(one, lower) == "NOT_ALLOWED", "%s", lower)
        made = one.answer(one.submit(channel="mail"))
        entry = one.do("QUERY", one.message("QUERY", contact=made.result.id)).body.contact
        check(entry.client_key == "redis:" + made.for_, "the key is %s", entry.client_key)
        until_empty(redis, one)
        check(floor.status()["gateway_count"] == 1, "there is no gateway: %s", floor.status())


def case_not_for_redis(world):
    """Requests that are not for Redis are answered, and do nothing."""
    with opened(world) as (floor, redis, one):
        for kind in ("HELLO", "PING", "BYE", "FOLLOW", "UNFOLLOW", "RESUME", "SUBSCRIBE", "STATUS",
                     "APPLY", "DRAIN", "STOP"):
            answer = one.do(kind, wants=("NOT_ALLOWED",))
            check(answer.result.field == "kind", "%s", answer)
        one.do("SUBMIT", one.message("SUBMIT", queue="billing", channel="mail"))
        until_empty(redis, one)
        check("inbox_connection_closed" not in floor.log(), "a connection was lost")


def case_reserved_name(world):
    """Nobody from outside becomes the gateway redis, which would end ours."""
    with opened(world) as (floor, redis, one):
        one.do("SUBMIT", one.message("SUBMIT", queue="billing", channel="mail"))
        outside = client.Connection(one.schema, floor.acdctl.address)
        try:
            outside.hello("default", "GATEWAY", "redis")
            check(False, "it was let in")
        except client.Refused as refused:
            check(refused.code == "NOT_ALLOWED" and refused.result.field == "client", "%s",
                  refused)
        outside.close()
        one.do("SUBMIT", one.message("SUBMIT", queue="billing", channel="mail"))
        check("inbox_connection_closed" not in floor.log(), "ours was cut")


def case_later(world):
    """What may succeed later is said to the sender as to any client, with when."""
    with opened(world) as (floor, redis, one):
        floor.acdctl("drain").expect(DONE)
        answer = one.answer(one.submit(channel="mail"))
        check(name_of(one, answer) == "DRAINING" and answer.result.retry_after_ms > 0, "%s",
              answer)
        floor.acdctl("drain", "--resume").expect(DONE)
        check(name_of(one, one.answer(one.submit(channel="mail"))) == "OK", "still draining")
        until_empty(redis, one)


def case_large_answers(world):
    """More in answers than there is memory for: no more is asked than has room, and all is
    answered, what is small among what is large as well."""
    with opened(world) as (_floor, redis, one):
        for entry in [one.submit(channel="mail", customer_key="c" * 64) for _ in range(600)]:
            one.answer(entry)
        list_ = one.message("LIST", object=one.schema.value("OBJECT_CONTACT"), limit=1000)
        entries = []
        for _ in range(300):
            entries += [one.send("LIST", list_), one.send("RESOLVE"), one.submit(channel="mail")]
        sizes = [one.answer(entry).body.ByteSize() for entry in entries]
        check(sum(sizes) > 4 * MIB, "only %d bytes in all", sum(sizes))
        until_empty(redis, one)


# ---- agents ----


def login(one, name="anna"):
    """His session and id; the answer to LOGIN has both."""
    answer = one.do("LOGIN", one.message("LOGIN", agent=name))
    check(answer.session.endswith("-%d" % answer.body.session), "the session is %s",
          answer.session)
    return answer.session, answer.result.id


def agent_id(one, name):
    names = one.message("RESOLVE")
    names.names.add(object=one.schema.value("OBJECT_AGENT"), name=name)
    return one.do("RESOLVE", names).body.ids[0]


def serve(one, session, hear, **fields):
    """One contact from SUBMIT to COMPLETE; returns it."""
    contact = one.answer(one.submit(**fields)).result.id
    number, offer = hear.until("OFFER")
    check(offer.contact == contact, "another contact is offered: %s", offer)
    check(session.endswith("-%d" % number), "pushed to session %d, not %s", number, session)
    command = one.message("ACCEPT", assignment=offer.assignment, epoch=offer.epoch)
    one.do("ACCEPT", command, session)
    one.do("ACCEPT", command, session, wants=("DUPLICATE",))
    if fields.get("channel") == "voice":
        one.do("REPORT", one.message("REPORT", contact=contact, assignment=offer.assignment,
                                     report=one.schema.value("REPORT_CONNECTED")))
    one.do("COMPLETE", one.message("COMPLETE", assignment=offer.assignment, label="sold"), session)
    return contact


def case_agent_life(world):
    """A whole life over Redis: and a gap in the pushes, which a SNAPSHOT fills."""
    with opened(world) as (_floor, redis, one):
        hear = Listener(one, redis, agent_id(one, "anna"))
        session, _ = login(one)
        one.do("READY", None, session)
        serve(one, session, hear, channel="mail")
        serve(one, session, hear, channel="voice")
        one.do("HEARTBEAT", None, session)
        one.do("PAUSE", one.message("PAUSE", label="lunch"), session)
        _, presence = hear.until("PRESENCE")
        while presence.label != "lunch":
            _, presence = hear.until("PRESENCE")
        hear.close()  # what is pushed now is heard by nobody
        one.do("READY", None, session)
        one.do("PAUSE", one.message("PAUSE", label="more"), session)
        hear = Listener(one, redis, agent_id(one, "anna"))
        one.do("READY", None, session)
        _, ready = hear.until("PRESENCE")
        check(ready.push > presence.push + 1, "there is no gap: %s, %s", presence, ready)
        snapshot = one.do("SNAPSHOT", None, session)
        check(snapshot.body.snapshot.push >= ready.push and
              snapshot.body.snapshot.agent.presence == one.schema.value("PRESENCE_READY"), "%s",
              snapshot)
        one.do("LOGOUT", None, session)
        one.do("READY", None, session, wants=("NOT_LOGGED_IN",))
        until_empty(redis, one)
        hear.close()


def case_agent_verbs(world):
    """The rest of what an agent may say: each once with effect, and once more without."""
    with opened(world) as (floor, redis, one):
        floor.acdctl("apply", "-", stdin=WRAP_UP).expect(DONE)
        hear = Listener(one, redis, agent_id(one, "anna"))
        session, _ = login(one)
        one.do("READY", None, session)
        one.answer(one.submit(channel="mail"))
        _, offer = hear.until("OFFER")

        def say(kind, again="DUPLICATE", **more):
            command = one.message(kind, assignment=offer.assignment, **more)
            one.do(kind, command, session)
            one.do(kind, command, session, wants=(again,))

        say("REJECT", again="GONE", label="busy")
        one.do("READY", None, session, wants=("OK", "DUPLICATE"))
        _, offer = hear.until("OFFER")
        say("ACCEPT", epoch=offer.epoch)
        say("HOLD")
        say("UNHOLD")
        say("PARK")
        say("UNPARK")
        one.do("NEXT_STATE", one.message("NEXT_STATE", label="lunch",
                                         next=one.schema.value("PRESENCE_PAUSED")), session)
        say("COMPLETE", label="sold")
        say("WRAP_UP", again="GONE")
        agent = one.do("SNAPSHOT", None, session).body.snapshot.agent
        check(agent.presence == one.schema.value("PRESENCE_PAUSED") and agent.label == "lunch",
              "%s", agent)
        until_empty(redis, one)
        hear.close()


def case_sessions_are_of_a_run(world):
    """Numbers of sessions begin anew with each run: a session of the last one is nobody's, also
    when another agent has its number now."""
    with opened(world) as (floor, redis, one):
        old, _ = login(one, "anna")
        floor.daemon.kill()
        floor.daemon.start()
        new, _ = login(one, "bert")
        check(old.split("-")[1] == new.split("-")[1], "the number is not the same: %s %s", old,
              new)
        one.do("READY", None, old, wants=("NOT_LOGGED_IN",))
        snapshot = one.do("SNAPSHOT", None, new).body.snapshot
        check(snapshot.agent.presence == one.schema.value("PRESENCE_PAUSED"), "%s", snapshot)
        until_empty(redis, one)


def case_lease(world):
    """A session that is silent for the lease is lost, as on any connection; one that speaks is not,
    and the connection of both lives on."""
    with opened(world, "--lease-ms", "500", "--silence-ms", "300") as (floor, _redis, one):
        loud, _ = login(one, "anna")
        login(one, "bert")
        until(lambda: one.do("HEARTBEAT", None, loud) and
              floor.metrics()["sessions_lost_total"] == 1, "one session is lost")
        one.do("READY", None, loud)
        check("inbox_connection_closed" not in floor.log(), "a connection was lost")


# ---- what is no request ----


def poison(one):
    """Entries that are no requests: words, and what the reason says."""
    body = one.message("SUBMIT", queue="billing", channel="mail").SerializeToString()
    good = {"sender": one.sender, "kind": "SUBMIT", "body": body}

    def but(**change):
        words = {**good, **change}
        return [word for name, value in words.items() if value is not None
                for word in (name, value)]

    return [
        (but(sender=None), b"sender is missing"),
        (but(sender=""), b"sender is no name"),
        (but(sender="a b"), b"sender is no name"),
        (but(sender="x" * 64), b"sender is no name"),
        (but(sender="x}:y"), b"sender is no name"),
        (but(kind=None), b"kind is missing"),
        (but(kind=""), b"kind names no request"),
        (but(kind="NONSENSE"), b"kind names no request"),
        (but(kind="OFFER"), b"kind names no request"),
        (but(kind="RESULT"), b"kind names no request"),
        (but(body=None), b"body is missing"),
        (but(body=b"\xff\xff\xff"), b"no message of its kind"),
        (but(body=body + b"\x0a"), b"no message of its kind"),
        (but(body=b"x" * 70000), b"larger than frame-size-max"),
        (but(correlation="x" * 65), b"longer than 64"),
        (but(kind="READY", body=""), b"session is missing"),
        (but(kind="READY", body="", session="7"), b"session is not"),
        (but(kind="READY", body="", session="1-0"), b"session is not"),
        (but(kind="READY", body="", session="1-99999999999"), b"session is not"),
        (but() + ["kind", "CANCEL"], b"given twice"),
        (["a", "b"], b"sender is missing"),
        ([word for i in range(200) for word in ("f%d" % i, "v")], b"sender is missing"),
        (but(body=b"x" * MIB), b"larger than frame-size-max"),
    ]


def case_poison(world):
    """Each goes to the dead letters with its fields and the reason, the rest are answered."""
    with opened(world) as (floor, redis, one):
        expected = {}
        good = []
        for words, reason in poison(one):
            entry = redis("XADD", one.key("commands"), "*", *words).decode()
            expected[entry] = (words, reason)
            good.append(one.submit(channel="mail"))
        for entry in good:
            check(name_of(one, one.answer(entry)) == "OK", "%s", one.answer(entry))
        until_empty(redis, one)
        found = letters(redis, one)
        check(set(found) == set(expected), "dead letters of %s, not of %s", set(found),
              set(expected))
        for entry, (words, reason) in expected.items():
            check(reason in found[entry]["reason"], "%s: %s", words, found[entry]["reason"])
            if len(words) > 128 or sum(map(len, words)) > MIB // 2:
                continue
            for name, value in zip(words[0::2], words[1::2]):
                value = value if isinstance(value, bytes) else value.encode()
                check(found[entry][name] == value or name == "kind", "%s: %s", name,
                      found[entry])
        check(floor.metrics()["redis_dead_letters_total"] == len(expected), "%s", floor.metrics())
        check("inbox_dead_letter" in floor.log(), "not in the log")


def case_giants(world):
    """Entries that no reply may hold are found out, and go by their ids; their neighbours are
    answered. So are many large ones, which together are more than a reply may hold."""
    with opened(world) as (floor, redis, one):
        words = ["sender", one.sender, "kind", "SUBMIT", "body"]
        floor.daemon.kill()
        good, giants, large = [], [], []
        for _ in range(3):
            good += [one.submit(channel="mail") for _ in range(40)]
            giants.append(redis("XADD", one.key("commands"), "*", *words,
                                b"x" * (9 * MIB)).decode())
            large += [redis("XADD", one.key("commands"), "*", *words, b"x" * MIB).decode()
                      for _ in range(12)]
        # As large as requests may be.
        fat = one.message("SUBMIT", queue="billing", channel="mail", attributes=b"x" * 4096)
        fat = fat.SerializeToString()
        full = [redis("XADD", one.key("commands"), "*", *words, fat,
                      "padding", b"x" * 60000).decode() for _ in range(200)]
        floor.daemon.start()
        for entry in good + full:
            one.answer(entry)
        until_empty(redis, one)
        found = letters(redis, one)
        check(set(found) == set(giants + large), "%s", set(found) ^ set(giants + large))
        for entry in giants:
            check(b"too large to be read" in found[entry]["reason"], "%s", found[entry])


def case_giant_behind_one_that_waits(world):
    """A giant is found out although the one before it stays pending, since Redis takes no answer.
    It is gone before its id was asked for: nobody else is taken for it."""
    with opened(world) as (floor, redis, one):
        one.do("RESOLVE")
        admin = boss_of(redis)
        keys = ["~acd:{*}:%s" % what for what in ("commands", "events", "state", "dead")]
        admin("ACL", "SETUSER", "default", "reset", *RIGHTS, "-xpending", "resetkeys", *keys)
        floor.daemon.kill()
        first = one.send("RESOLVE")
        redis("XADD", one.key("commands"), "*", "body", b"x" * (9 * MIB))
        floor.daemon.start()
        until(lambda: "event=inbox_stuck" in floor.log(), "its id is asked for")
        redis("DEL", one.key("commands"))
        admin("ACL", "SETUSER", "default", "+xpending", "~acd:{*}:*")
        one.answer(first)
        names = one.message("RESOLVE")
        for _ in range(900):
            names.names.add(object=one.schema.value("OBJECT_AGENT"), name="n" * 60)
        # Small ones, as which the large ones are read: more than has room at once.
        floor.daemon.process.send_signal(signal.SIGSTOP)
        entries = [one.send("RESOLVE") for _ in range(600)]
        entries += [one.send("RESOLVE", names) for _ in range(200)]
        floor.daemon.process.send_signal(signal.SIGCONT)
        for entry in entries:
            one.answer(entry)
        until_empty(redis, one)
        check(letters(redis, one) == {}, "a request is taken for a giant")
        admin.close()


# ---- Redis refuses ----


def case_wrong_types(world):
    with opened(world, tenants=("default", "beta")) as (floor, redis, one):
        other = Component(one.schema, redis, "beta")
        one.do("RESOLVE")
        # The stream itself: this tenant waits, the other does not.
        redis("SET", one.key("commands"), "mine")
        until(lambda: "event=inbox_stuck tenant=default" in floor.log() and
              "WRONGTYPE" in floor.log(), "the log says so")
        other.do("RESOLVE")
        redis("DEL", one.key("commands"))
        entry = one.send("RESOLVE")
        one.answer(entry)
        check("inbox_goes_on tenant=default" in floor.log(), "not said")
        # Where an answer belongs: it is not lost.
        redis("SET", one.key("replies:strange"), "mine")
        strange = Component(one.schema, redis, sender="strange").send("RESOLVE")
        until(lambda: strange in letters(redis, one), "the answer is with the dead letters")
        letter = letters(redis, one)[strange]
        check(letter["kind"] == b"RESOLVED" and letter["sender"] == b"strange" and
              b"no place" in letter["reason"], "%s", letter)
        check("inbox_no_place" in floor.log(), "not in the log")
        one.do("RESOLVE")
        # The dead letters themselves.
        redis("DEL", one.key("dead"))
        redis("SET", one.key("dead"), "mine")
        redis("XADD", one.key("commands"), "*", "a", "b")
        until(lambda: "inbox_dead_lost" in floor.log(), "the log says that a letter is lost")
        one.do("RESOLVE")
        until_empty(redis, one)
        check(floor.redis()["state"] == "connected" and "redis_refused" not in floor.log(),
              "the publisher was disturbed")


RIGHTS = ("on", "nopass", "~acd:{*}:*", "&acd:{*}:*", "-@all", "+client|setname", "+role", "+ping",
          "+xinfo|stream", "+xadd", "+xtrim", "+multi", "+exec", "+get", "+set", "+publish",
          "+xgroup|create", "+xreadgroup", "+xack", "+xdel", "+xpending")


def case_rights(world):
    """With the rights that the document lists all works; each one that is missing is told, lets
    requests wait and no answer be doubled, and works again when it is given."""
    with opened(world) as (floor, redis, one):
        admin = boss_of(redis)
        for missing in ((), ("-xgroup",), ("-xreadgroup",), ("-xack",), ("-xdel",), ("-multi",),
                        ("-publish",), ("resetkeys", "~acd:{*}:commands", "~acd:{*}:events",
                                        "~acd:{*}:state")):
            size = len(floor.log())
            admin("ACL", "SETUSER", "default", "reset", *RIGHTS, *missing)
            admin("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            if not missing:
                one.do("RESOLVE")
                continue
            entry = one.send("RESOLVE")
            if missing != ("-publish",):
                until(lambda: "NOPERM" in floor.log()[size:], "the log says what %s lacks",
                      missing)
            admin("ACL", "SETUSER", "default", *RIGHTS, "~acd:{*}:*")
            one.answer(entry)
            until_empty(redis, one)
        admin("ACL", "SETUSER", "default", "on", "nopass", "+@all", "~*", "&*")
        admin.close()


def boss_of(redis):
    """Somebody whose rights stay, while those of all others change."""
    admin = resp.Connection(redis.unix)
    admin("ACL", "SETUSER", "boss", "on", "nopass", "+@all", "~*", "&*")
    admin("AUTH", "boss", "")
    redis.admin = ("boss", "")
    redis.disconnect()
    return admin


def refused_alone(floor, admin, one, other, large):
    """The tenant of @one is refused its answers to @large, until all it may have in memory is full;
    the other one is answered all the time."""
    keys = ["~acd:{%s}:%s" % where for where in
            (("default", "commands"), ("default", "events"), ("default", "state"), ("beta", "*"))]
    size = len(floor.log())
    admin("ACL", "SETUSER", "default", "reset", *RIGHTS, "resetkeys", *keys)
    entries = [one.send(kind, message) for kind, message in large]
    until(lambda: "inbox_answers_refused tenant=default" in floor.log()[size:], "the log says so")

    def is_full():
        before = floor.metrics()["redis_requests_total"]
        for _ in range(20):
            other.do("RESOLVE")
        return floor.metrics()["redis_requests_total"] == before + 20

    until(is_full, "no more is read of who is refused")
    other.do("LIST", other.message("LIST", object=one.schema.value("OBJECT_CONTACT")))
    admin("ACL", "SETUSER", "default", "~acd:{*}:*")
    return [one.answer(entry).body.ByteSize() for entry in entries]


def case_one_is_refused(world):
    """A tenant whose answers Redis does not take fills its share of the memory and no more: with
    large answers, and with large requests behind them."""
    with opened(world, tenants=("default", "beta")) as (floor, redis, one):
        other = Component(one.schema, redis, "beta")
        for entry in [one.submit(channel="mail", customer_key="c" * 64) for _ in range(1000)]:
            one.answer(entry)
        list_ = one.message("LIST", object=one.schema.value("OBJECT_CONTACT"), limit=1000)
        names = one.message("RESOLVE")
        for _ in range(900):
            names.names.add(object=one.schema.value("OBJECT_AGENT"), name="n" * 60)
        admin = boss_of(redis)
        sizes = refused_alone(floor, admin, one, other, [("LIST", list_)] * 600)
        check(sum(sizes) > 4 * MIB, "they would have had room: %d bytes", sum(sizes))
        sizes = refused_alone(floor, admin, one, other,
                              [("LIST", list_)] * 60 + [("RESOLVE", names)] * 80)
        check(sum(sizes[:60]) > MIB and 80 * names.ByteSize() > 4 * MIB, "so would these: %s",
              sizes)
        until_empty(redis, one)
        admin.close()


def case_waits_in_peace(world):
    """A tenant that Redis refuses is due while nothing can be asked: nobody turns in circles."""
    with opened(world) as (floor, redis, one):
        one.do("RESOLVE")
        admin = boss_of(redis)
        redis("DEL", one.key("commands"))
        redis("SET", one.key("commands"), "mine")
        until(lambda: "inbox_stuck" in floor.log(), "it is refused")
        admin("ACL", "SETUSER", "default", "reset", *RIGHTS, "-multi")
        admin("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        def until_refused(count):
            # Each takes five seconds, as the tenant does.
            until(lambda: floor.log().count("NOPERM") >= count, "it is refused %d times", count,
                  deadline_s=60)

        until_refused(4)
        turns = floor.metrics()["turns_total"]
        until_refused(6)
        turns = floor.metrics()["turns_total"] - turns
        check(turns < 1000, "%d turns while nothing happened", turns)
        redis("DEL", one.key("commands"))
        admin("ACL", "SETUSER", "default", "+multi")
        one.do("RESOLVE")
        admin.close()


def case_redis_is_full(world):
    """OOM: answers wait and come once there is room."""
    with opened(world) as (floor, redis, one):
        one.do("RESOLVE")
        entries = [one.send("RESOLVE") for _ in range(20)]
        redis.configure("maxmemory", "1")
        until(lambda: "OOM" in floor.log(), "the log says so")
        redis.configure("maxmemory", "0")
        for entry in entries:
            one.answer(entry)
        until_empty(redis, one)


def case_gone(world):
    """The group, the stream, and all of Redis: each is made again, and what comes then is done."""
    with opened(world) as (floor, redis, one):
        for gone in (lambda: redis("XGROUP", "DESTROY", one.key("commands"), "acdd"),
                     lambda: redis("DEL", one.key("commands")), lambda: redis("FLUSHALL")):
            one.do("RESOLVE")
            before = floor.metrics()["redis_group_gone_total"]
            gone()
            one.position = "0"
            one.answers.clear()
            until(lambda: floor.metrics()["redis_group_gone_total"] > before or
                  redis("EXISTS", one.key("commands")), "it is noticed")
            one.do("RESOLVE")
            until_empty(redis, one)


def case_fenced(world):
    """A tenant whose events a newer run writes is another daemon's: its requests are left to that
    one, until somebody says that it is not so."""
    with opened(world, tenants=("default", "beta")) as (floor, redis, one):
        other = Component(one.schema, redis, "beta")
        one.do("RESOLVE")
        key = one.key("commands")
        redis("XADD", one.key("events"), "999999-1", "batch", "")
        until(lambda: floor.metrics()["redis_fenced_total"] > 0, "it is fenced")
        # One that was on its way may still be read.
        one.send("RESOLVE")
        for _ in range(3):
            other.do("RESOLVE")
        until(lambda: redis("XPENDING", key, "acdd")[0] == 0, "what was read is answered")
        entries = [one.send("RESOLVE") for _ in range(5)]
        mark = floor.metrics()["redis_requests_total"]
        until(lambda: other.do("RESOLVE") and floor.metrics()["redis_requests_total"] > mark + 50,
              "the other tenant goes on")
        check(redis("XLEN", key) >= len(entries) and redis("XPENDING", key, "acdd")[0] == 0,
              "requests were taken from the other daemon")
        redis("DEL", one.key("events"))
        for entry in entries:
            one.answer(entry)
        until_empty(redis, one)


def case_before_the_start(world):
    """What was sent before the daemon's first start, and while it was away, is not lost."""
    redis = world.server().start()
    one = Component(schema_of(world), redis)
    first = [one.submit(channel="mail") for _ in range(50)]
    with world.floor(redis.unix, *OWN, tenants=()) as floor:
        floor.acdctl("apply", "-", stdin=FLOOR % "default").expect(DONE)
        for entry in first:
            one.answer(entry)
        floor.daemon.kill()
        second = [one.submit(channel="mail") for _ in range(50)]
        floor.daemon.start()
        for entry in second:
            check(name_of(one, one.answer(entry)) == "OK", "%s", one.answer(entry))
        until_empty(redis, one)


def case_tenants(world):
    """Two tenants do not meet, and tenants come and go."""
    with opened(world, tenants=("default", "beta")) as (floor, redis, one):
        two = Component(one.schema, redis, "beta")
        mine = one.answer(one.submit(channel="mail")).result.id
        two.do("QUERY", two.message("QUERY", contact=mine), wants=("UNKNOWN", "GONE"))
        for round_ in range(3):
            floor.acdctl("apply", "-", stdin="tenants: {gamma: {gateway_grace: 0s, queues: "
                         "{q: {}}}}\n").expect(DONE)
            three = Component(one.schema, redis, "gamma", sender="s%d" % round_)
            three.do("RESOLVE")
            floor.acdctl("apply", "-",
                         stdin="tenants: {gamma: {remove: {queues: [q]}}}\n").expect(DONE)
            three.do("RESOLVE")
            until(lambda: floor.acdctl("apply", "-",
                                       stdin="remove: {tenants: [gamma]}\n").code == DONE,
                  "the tenant can be removed")
            one.do("RESOLVE")
            two.do("RESOLVE")


def case_connection_limits(world):
    """Options that cannot be are refused with the remedy."""
    def refuse(*options):
        run = subprocess.run([world.acdd, "--check", "--data-dir", "/nowhere", "--redis-commands",
                              "yes", *options], capture_output=True, text=True, check=False)
        check(run.returncode == 2, "%s", run)
        return run.stderr

    check("needs --redis" in refuse(), "not said")
    said = refuse("--redis", "unix:/x", "--connection-count-max", "16")
    check("--connection-count-max" in said and "two connections a tenant" in said, "%s", said)


def case_all_connections_in_use(world):
    """Connections from outside take all that there are: requests wait until one is free."""
    with opened(world, "--connection-count-max", "16", "--limit-tenant-count-max", "4",
                "--limit-agent-count-max", "100") as (floor, redis, one):
        address = floor.acdctl.address
        # The gateway's is there, the agents' is not yet.
        one.do("RESOLVE")
        outside = [client.Connection(one.schema, address) for _ in range(14)]
        for number, connection in enumerate(outside):
            connection.hello("default", "AGENT", "c%d" % number)
        last = client.Connection(one.schema, address)
        last.hello("default", "AGENT", "last")
        entry = one.send("LOGIN", one.message("LOGIN", agent="anna"))
        until(lambda: "connection-count-max" in floor.log(), "the log says why nothing is done")
        last.close()
        check(name_of(one, one.answer(entry)) == "OK", "%s", one.answer(entry))
        until_empty(redis, one)
        for connection in outside:
            connection.close()


if __name__ == "__main__":
    rig.main(globals())
