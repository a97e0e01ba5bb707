# SPDX-License-Identifier: Apache-2.0
"""libacdconsumer against a real redis-server, whose entries the test writes.

What is delivered must be what was written: in order, once, and whatever is
missing must be told as what it is. Each case says what it writes and which lines
must come; a line too many fails it as one too few does.

usage: consumer.py TAIL REDIS_SERVER ROOT CASE
"""

import socket
import sys
import threading

from gate import Gate
from world import DEADLINE_S, STREAM, STATE, TENANT, World, check, until

KEEP = ("--appendonly", "yes", "--appendfsync", "always")


def begin(world):
    """All from the first on, over a server that is killed and comes back with what it had."""
    world.serve(*KEEP)
    tail = world.tail("begin")
    want = [world.add(1, 1), world.add(1, 2, 5)]
    tail.expect(*want)
    for round_ in range(4):
        world.server.kill()
        if round_ % 2 == 0:
            tail.trouble("UNREACHABLE")
        world.server.start()
        tail.expect(*[world.add(2 + round_, 10 * round_ + n) for n in range(6, 16)])
    tail.silent()


def from_id(world):
    world.serve()
    for n in range(1, 10):
        world.add(3, n)
    tail = world.tail("id", "3-5")
    tail.expect(*["EVENTS 3-%d %d %d 0" % (n, n, n) for n in range(6, 10)])
    tail.expect(world.add(4, 10, 12))
    tail.silent()
    world.tail("id", "4-11").expect("EVENTS 4-12 10 12 0", world.add(4, 13))


def state(world):
    """The state, and what is above it; a batch that began before its end comes too."""
    world.serve(*KEEP)
    world.add(1, 1, 4)
    world.add(1, 5, 8)
    world.set_state(1, 4)
    world.set_state(1, 6)
    tail = world.tail("state")
    tail.expect("STATE 1-6 START", "EVENTS 1-8 5 8", world.add(1, 9))
    world.server.kill()
    world.server.start()
    tail.expect(world.add(1, 10))
    ahead = world.tail("state")
    ahead.expect("STATE 1-6 START", "EVENTS 1-8 5 8", "EVENTS 1-9 9 9", "EVENTS 1-10 10 10")
    world.set_state(1, 12)
    early = world.tail("state")
    early.expect("STATE 1-12 START")
    world.add(1, 11, 12)
    early.expect(world.add(1, 13))
    for tail in (tail, ahead):
        tail.expect("EVENTS 1-12 11 12", "EVENTS 1-13 13 13")


def no_state(world):
    world.serve()
    world.add(1, 1, 3)
    tail = world.tail("state")
    tail.trouble("NO_STATE")
    world.set_state(1, 2)
    while True:
        line = tail.line()
        if not line.startswith("TROUBLE NO_STATE"):
            break
    check(line.startswith("STATE 1-2 START"), "%s", line)
    tail.expect("EVENTS 1-3 1 3")


def gap(world):
    """Entries that left before they were read, and the two ways to go on."""
    world.serve()
    for n in range(1, 6):
        world.add(1, n)
    world.set_state(1, 5)
    keeper, follower = world.tail("begin"), world.tail("state")
    keeper.expect(*["EVENTS 1-%d %d" % (n, n) for n in range(1, 6)])
    follower.expect("STATE 1-5 START", world.add(1, 6))
    keeper.expect("EVENTS 1-6 6 6")
    with world.together():
        for n in range(7, 41):
            world.add(1, n)
        world.set_state(1, 38)
        world.client.xtrim(STREAM, maxlen=5, approximate=False)
    line = keeper.expect("STATE 1-38 GAP")
    check(line.endswith(" 7 35"), "missing is 7 to 35: %s", line)
    keeper.expect("EVENTS 1-36 36 36 38", "EVENTS 1-37 37 37 38", "EVENTS 1-38 38 38 38",
                  "EVENTS 1-39 39 39 0", "EVENTS 1-40 40 40 0")
    line = follower.expect("STATE 1-38 GAP")
    check(line.endswith(" 7 35"), "missing is 7 to 35: %s", line)
    follower.expect("EVENTS 1-39 39 39 0", "EVENTS 1-40 40 40 0")
    late = world.tail("begin")
    check(late.expect("STATE 1-38 GAP").endswith(" 1 35"), "the beginning is missing")
    late.expect("EVENTS 1-36 36 36 38")
    hole = world.add(1, 42)
    check(keeper.expect("STATE 1-38 GAP").endswith(" 41 41"), "a hole of one")
    keeper.expect(hole + " 0 0")
    world.set_state(1, 42)
    until(lambda: follower.next().startswith("STATE 1-42 GAP"), "the state that has the hole")
    follower.expect(world.add(1, 43))


def trimmed_while_quiet(world):
    """All that was not read is gone, and nothing comes after it."""
    world.serve()
    world.add(1, 1, 5)
    world.set_state(1, 5)
    keeper, follower = world.tail("begin"), world.tail("state")
    keeper.expect("EVENTS 1-5 1 5")
    follower.expect("STATE 1-5 START", world.add(1, 6))
    keeper.expect("EVENTS 1-6 6 6")
    with world.together():
        for n in range(7, 12):
            world.add(1, n)
        world.set_state(1, 11)
        world.client.xtrim(STREAM, maxlen=0, approximate=False)
    for tail in (keeper, follower):
        check(tail.expect("STATE 1-11 GAP").endswith(" 7 11"), "7 to 11 are missing")
    more = world.add(1, 12)
    keeper.expect(more)
    follower.expect(more)


def resync(world):
    world.serve()
    first = [world.add(1, n) for n in range(1, 4)]
    world.set_state(1, 2)
    keeper, follower = world.tail("begin"), world.tail("state")
    keeper.expect(*first)
    follower.expect("STATE 1-2 START", "EVENTS 1-3 3 3")
    world.add_resync("1-9", 10, 3, 14)
    for n in range(10, 15):
        world.add(2 if n < 13 else 3, n)
    keeper.expect("STATE 3-14 RESYNC")
    keeper.expect(*["EVENTS %d-%d %d %d 14" % (2 if n < 13 else 3, n, n, n)
                    for n in range(10, 15)])
    follower.expect("STATE 3-14 RESYNC")
    more = world.add(3, 15)
    keeper.expect(more + " 0")
    follower.expect(more + " 0")
    new = (1 << 20) + 3
    world.add_resync("%d-7" % new, 8, new, 7)
    more = world.add(new, 8, 9)
    for tail in (keeper, follower):
        tail.expect("STATE %d-7 RESYNC" % new, more + " 0")
    hole = world.add(new, 11)
    keeper.expect("STATE 1-2 GAP", hole)
    world.add_resync("%d-20" % new, 21, new, 20)
    more = world.add(new, 22)
    keeper.expect("STATE %d-20 RESYNC" % new)
    check(keeper.expect("STATE 1-2 GAP").endswith(" 21 21"), "what a resync announced is missing")
    keeper.expect(more)


def deleted_and_filled_again(world):
    """Whatever Redis loses, acdd adds again: nothing is to be told, and nothing comes twice."""
    world.serve()
    keeper = world.tail("begin")
    keeper.expect(*[world.add(1, n) for n in range(1, 11)])
    world.set_state(1, 10)
    follower = world.tail("state")
    follower.expect("STATE 1-10 START", world.add(1, 11))
    keeper.expect("EVENTS 1-11 11 11")
    last = 11
    for loss in ("deleted", "killed", "tail"):
        if loss == "killed":
            world.server.kill()
            world.server.start()
        else:
            world.client.delete(STREAM)
        for n in range(1, last - 2):
            world.add(1, n)
        if loss == "tail":
            seen_short(world, last)
        for n in range(last - 2, last + 1):
            world.add(1, n)
        last += 1
        more = world.add(1, last)
        keeper.expect(more)
        follower.expect(more)
    keeper.silent()
    follower.silent()


def seen_short(world, last):
    """Both readers have asked where the stream ends, and found it before their place."""
    def looks():
        # A unix socket has no other names; each look is a command that is counted.
        found = world.client.info("commandstats").get("cmdstat_xinfo|stream", {"calls": 0})
        return found["calls"]
    before = looks()
    until(lambda: looks() >= before + 4, "the readers have looked, %d" % last)


def another_history(world):
    """The same ids, other bytes; and one that is shorter."""
    world.serve()
    for n in range(1, 11):
        world.add(1, n)
    world.set_state(1, 9)
    keeper, follower = world.tail("begin"), world.tail("state")
    keeper.expect(*["EVENTS 1-%d %d" % (n, n) for n in range(1, 11)])
    follower.expect("STATE 1-9 START", "EVENTS 1-10 10 10")
    world.client.delete(STREAM, STATE)
    seen_short(world, 10)
    world.set_state(1, 11)
    with world.together():
        for n in range(1, 12):
            world.add(1, n, pad=1)
    keeper.expect("STATE 1-11 REPLACED")
    keeper.expect(*["EVENTS 1-%d %d %d 11" % (n, n, n) for n in range(1, 12)])
    follower.expect("STATE 1-11 REPLACED")
    more = world.add(1, 12, pad=1)
    for tail in (keeper, follower):
        tail.expect(more)
    world.client.delete(STREAM)
    world.set_state(1, 3)
    for n in range(1, 4):
        world.add(1, n, pad=2)
    keeper.expect("STATE 1-3 REPLACED")
    keeper.expect(*["EVENTS 1-%d %d" % (n, n) for n in range(1, 4)])
    follower.expect("STATE 1-3 REPLACED", world.add(1, 4, pad=2))
    keeper.expect("EVENTS 1-4 4 4")
    away(world, keeper, follower)


def away(world, keeper, follower):
    """Another history that goes on where the last one was, come while there was no connection."""
    world.server.kill()
    world.server.start("hidden")
    for n in range(1, 7):
        world.add(1, n, pad=3)
    world.set_state(1, 5)
    world.server.show("hidden")
    keeper.expect("STATE 1-5 REPLACED", "EVENTS 1-1 1 1 5")
    follower.expect("STATE 1-5 REPLACED", "EVENTS 1-6 6 6")


def filled_while_asked(world):
    """Redis forgot, and what was lost is added again between two questions of a reader: where his
    last entry is, and where the stream ends. That is no other stream."""
    world.serve()
    gate = Gate("%s/gate" % world.directory, lambda: world.server.path)
    tail = world.tail("begin", address=gate.address)
    tail.expect(*[world.add(1, n) for n in range(1, 4)])
    world.server.kill()
    gate.hold(b"XINFO")
    world.server.start()
    check(gate.held.wait(DEADLINE_S), "nobody asks where the stream ends")
    want = [world.add(1, n) for n in range(1, 6)]
    gate.passes.set()
    tail.expect(*want[3:])
    tail.silent()


def damaged(world):
    """What is no entry of acdd's is told and left out; a field of later times is passed over."""
    world.serve()
    tail = world.tail("begin")
    tail.expect(world.add(1, 1))
    world.client.xadd(STREAM, {"later": b"?"}, id="1-2")
    tail.expect(world.add(1, 2, 3))
    for number, data in enumerate((b"\xff", world.batch(1, 4, tenant="other"),
                                   world.batch(1, 99), world.batch(2, 7))):
        world.client.xadd(STREAM, {"batch": data}, id="1-%d" % (4 + number))
        tail.expect("TROUBLE DAMAGED")
    world.client.xadd(STREAM, {"resync": b"\x08"}, id="1-8")
    tail.expect("TROUBLE DAMAGED")
    more = world.add(1, 9)
    check(tail.expect("STATE 0-0 GAP").endswith(" 0 4 8"), "4 to 8 are missing")
    tail.expect(more)


def large(world):
    """More than memory_max at once: fewer at a time, and all of them."""
    world.serve()
    want = [world.add(1, n, pad=60000) for n in range(1, 65)]
    tail = world.tail("begin", "--memory", str(1 << 20), "--count", "64")
    tail.trouble("TOO_LARGE")
    said = []
    while len(said) < len(want):
        line = tail.line()
        if not line.startswith("TROUBLE TOO_LARGE"):
            said.append(" ".join(line.split()[:4]))
    check(said == want, "not what was written: %s", said)


def busy_and_denied(world):
    world.serve("--requirepass", "secret")
    world.tail("begin").trouble("DENIED")
    world.tail("begin", "--password", "wrong").trouble("DENIED")
    world.tail("begin", "--user", "nobody", "--password", "secret").trouble("DENIED")
    world.server.client = world.client.__class__(unix_socket_path=world.server.path,
                                                 password="secret")
    world.client.execute_command(
        "ACL", "SETUSER", "reader", "on", ">hidden", "resetchannels", "~acd:{*}:*", "-@all",
        "+auth", "+get", "+xread", "+xrange", "+xinfo|stream")
    world.client.execute_command(
        "ACL", "SETUSER", "member", "on", ">hidden", "resetchannels", "~acd:{*}:*", "-@all",
        "+auth", "+get", "+xread", "+xrange", "+xinfo|stream", "+xgroup|create", "+xreadgroup",
        "+xack", "+xautoclaim", "+xinfo|groups", "+multi", "+exec")
    member = world.tail("group", "g/c", "--user", "member", "--password", "hidden")
    tail = world.tail("begin", "--password", "secret")
    user = world.tail("begin", "--user", "reader", "--password", "hidden")
    more = world.add(1, 1)
    tail.expect(more)
    user.expect(more)
    member.expect(more)
    until(lambda: pending(world) == 0, "it may acknowledge")
    seen_short(world, 1)
    world.client.delete(STREAM)
    world.client.set(STREAM, "x")
    tail.trouble("MISPLACED")
    world.client.execute_command("ACL", "SETUSER", "reader", "-xread", "-xrange")
    user.trouble("DENIED")


class Fake:
    """A server that accepts, and says one thing; slowly, if that is asked."""

    def __init__(self, path, text, is_slow=False):
        self.path = "unix:" + path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.text = text
        self.is_slow = is_slow
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(peer,), daemon=True).start()

    def answer(self, peer):
        try:
            while peer.recv(65536):
                for byte in self.text if self.is_slow else ():
                    peer.sendall(bytes((byte,)))
                    threading.Event().wait(0.05)
                if not self.is_slow:
                    peer.sendall(self.text)
        except OSError:
            pass


def silent(world):
    """Peers that are no Redis, or none at the moment."""
    for name, text, trouble in (
            ("mute", b"", "LOST"), ("slow", b"$300\r\n" + b"s" * 300, "LOST"),
            ("loading", b"-LOADING Redis is loading the dataset in memory\r\n", "BUSY"),
            ("down", b"-MASTERDOWN Link with MASTER is down\r\n", "BUSY"),
            ("moved", b"-MOVED 3999 127.0.0.1:6381\r\n", "MISPLACED"),
            ("html", b"HTTP/1.1 400 Bad Request\r\n", "FAILED"),
            ("endless", b"$900000000\r\n" + b"x" * (2 << 20), "TOO_LARGE")):
        fake = Fake("%s/%s" % (world.directory, name), text, name == "slow")
        tail = world.tail("begin", "--answer", "500", "--memory", str(1 << 20),
                          address=fake.path)
        tail.trouble(trouble)
        tail.trouble(trouble)


def read_all(tail, count):
    """Lines of @count entries as [sequence, is it again]."""
    said = []
    while len(said) < count:
        words = tail.expect("EVENTS").split()
        said.append((int(words[1].split("-")[1]), words[5] == "1"))
    return said


def group(world):
    """Each entry to one of them; those of one that died to another, or to itself again."""
    world.serve(*KEEP)
    first = world.tail("group", "g/first", "--ack", "4", "--count", "8")
    until(lambda: first.process.poll() is None, "it waits for a stream")
    for n in range(1, 9):
        world.add(1, n)
    check(read_all(first, 8) == [(n, False) for n in range(1, 9)], "new ones, in order")
    first.end()
    again = world.tail("group", "g/first", "--ack", "6", "--count", "2")
    check(read_all(again, 4) == [(n, True) for n in range(5, 9)], "its own come again")
    more = world.add(1, 9)
    again.expect(more + " 0 0")
    until(lambda: pending(world) == 3, "5 and 6 are acknowledged")
    again.end()
    other = world.tail("group", "g/other", "--claim", "1000")
    check(read_all(other, 3) == [(7, True), (8, True), (9, True)], "those of the dead one")
    world.server.kill()
    world.server.start()
    other.expect(world.add(1, 10) + " 0 0")
    until(lambda: pending(world) == 0, "everything is acknowledged")
    check(world.client.xinfo_groups(STREAM)[0]["last-delivered-id"] == b"1-10", "the place")
    other.silent()


def pending(world):
    return world.client.xpending(STREAM, "g")["pending"]


class Cutter:
    """Between a reader and the server. When armed, the next answer with a batch in it gets no
    further than its middle, or nowhere at all, and the connection ends."""

    def __init__(self, path, server_path):
        self.path = "unix:" + path
        self.server_path = server_path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.armed = None
        self.cuts = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.join, args=(near,), daemon=True).start()

    def join(self, near):
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.server_path)
        threading.Thread(target=self.move, args=(near, far, False), daemon=True).start()
        self.move(far, near, True)

    def move(self, from_, to, is_answer):
        try:
            while data := from_.recv(65536):
                if is_answer and self.armed is not None and b"batch" in data:
                    to.sendall(data[:int(len(data) * self.armed)])
                    self.armed = None
                    self.cuts += 1
                    break
                to.sendall(data)
        except OSError:
            pass
        for link in (from_, to):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def cut(world):
    """Answers that do not arrive: Redis gave, and nobody got. They come once all the same."""
    world.serve()
    for words in (("begin",), ("group", "g/c"), ("group", "h/c", "--ack", "0")):
        world.client.delete(STREAM)
        world.add(1, 1)
        cutter = Cutter("%s/%s" % (world.directory, words[-1].replace("/", "")),
                        world.server.path)
        tail = world.tail(*words, address=cutter.path)
        tail.expect("EVENTS 1-1 1 1 0 0")
        for n in range(2, 22):
            cutter.armed = (0, 0.5, 0.9)[n % 3]
            more = world.add(1, n)
            tail.expect(more + " 0 0")
        check(cutter.cuts >= 18, "hardly anything was cut: %d", cutter.cuts)
        tail.silent()
        tail.end()


def group_lost(world):
    world.serve()
    world.set_state(1, 2)
    world.add(1, 1, 2)
    tail = world.tail("group", "g/c")
    tail.expect("EVENTS 1-2 1 2 0 0", world.add(1, 3))
    world.client.delete(STREAM)
    tail.expect("STATE 1-2 GROUP_LOST")
    for entry in ((1, 1, 2), (1, 3), (1, 4)):
        world.add(*entry)
    tail.expect("EVENTS 1-2 1 2 2 1", "EVENTS 1-3 3 3 0 1", "EVENTS 1-4 4 4 0 0")


def group_trimmed(world):
    """What leaves before the group, or its member, has it, is a gap."""
    world.serve()
    for n in range(1, 9):
        world.add(1, n)
    tail = world.tail("group", "g/c", "--ack", "4", "--count", "8")
    read_all(tail, 8)
    until(lambda: pending(world) == 4, "1 to 4 are acknowledged")
    tail.end()
    world.client.xtrim(STREAM, maxlen=1, approximate=False)
    tail = world.tail("group", "g/c")
    for n in range(5, 8):
        check(tail.expect("STATE 0-0 GAP").endswith(" 0 0 %d" % n), "%d is gone", n)
    tail.expect("EVENTS 1-8 8 8 0 1")
    until(lambda: pending(world) == 0, "what is gone is acknowledged")
    tail.end()
    for n in range(9, 20):
        world.add(1, n)
    world.client.xtrim(STREAM, maxlen=2, approximate=False)
    tail = world.tail("group", "g/d")
    check(tail.expect("STATE 0-0 GAP").endswith(" 9 17"), "9 to 17 were given to nobody")
    tail.expect("EVENTS 1-18 18 18", "EVENTS 1-19 19 19")
    dead = world.tail("group", "g/dead", "--ack", "0")
    tail.end()
    dead.expect(world.add(1, 20), world.add(1, 21))
    dead.end()
    world.client.xtrim(STREAM, maxlen=1, approximate=False)
    heir = world.tail("group", "g/heir", "--claim", "1")
    check(heir.expect("STATE 0-0 GAP").endswith(" 20"), "20 went before it could be taken over")
    heir.expect("EVENTS 1-21 21 21 0 1")


def main():
    world = World(*sys.argv[1:4])
    globals()[sys.argv[4]](world)
    world.close()
    print("%s: all as it should be, tenant %s" % (sys.argv[4], TENANT))


if __name__ == "__main__":
    main()
