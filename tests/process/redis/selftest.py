# SPDX-License-Identifier: Apache-2.0
"""The rig itself: what its oracle must find is planted, one thing at a time, into a stream
that was right; the event log's reader and the network do what they say.
"""

import contextlib
import io
import socket
import struct
import time

import eventlog
import follow
import rig
from harness import check
from proxy import Proxy
from server import until

ZEROS_CRC = 0x8a9136aa  # of 32 zero bytes: RFC 3720, B.4


def objection(function, *arguments):
    """What @function says against its arguments; nothing when it is content."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            function(*arguments)
        except SystemExit:
            return said.getvalue()
    return ""


def field(number, value):
    """Of a protobuf message: a fixed64, or bytes of less than 128."""
    if isinstance(value, int):
        return struct.pack("<BQ", number << 3 | 1, value)
    return bytes((number << 3 | 2, len(value))) + value


def resync_of(tenant, next_, sequence):
    name = tenant.encode()
    state = field(1, name) + field(2, 1) + field(3, sequence)
    return field(1, name) + field(3, next_) + field(4, state)


def cases_of(stream):
    """Name of what is wrong, the stream with it, and what must be said."""
    middle = len(stream) // 2
    added = stream[middle]
    first = eventlog.head(added.body)[2]
    resync = follow.Added(added.epoch, first - 1, "resync", resync_of("alpha", first, first - 1))
    blind = resync._replace(body=resync_of("alpha", first, first - 2))
    stranger = resync._replace(body=resync_of("beta", first, first))
    skipping = resync._replace(body=resync_of("alpha", first + 1, first))
    begin, end = stream[:middle], stream[middle:]
    yield "a hole", begin + end[1:], "begins with event"
    yield "no beginning", stream[1:], "begins with event"
    yield "no end", stream[:-1], "the stream ends with"
    yield "other bytes", [*begin, added._replace(body=added.body[:-1] + b"?"), *end[1:]], "bytes"
    yield "another's batch", [*begin, added._replace(body=stream[0].body), *end[1:]], "says"
    yield "another id", [*begin, added._replace(epoch=added.epoch + 1), *end[1:]], "says"
    yield "another field", [*begin, added._replace(field="batsh"), *end[1:]], "a field"
    yield "a resync", [*begin[:-1], resync, *end], "resyncs"
    yield "a state that is too old", [*begin[:-1], blind, *end], "knows event"
    yield "another's state", [*begin[:-1], stranger, *end], "is of beta"
    yield "an event too few", [*begin[:-1], skipping, *end], "begins with event"
    yield "nothing", [], "0 entries in the stream"
    yield "too much", [*stream, stream[-1]._replace(sequence=stream[-1].sequence + 1)], "says"


def served(world, redis):
    """What a daemon has published and logged when all is well: its directory is gone then."""
    with world.floor(redis.unix) as floor:
        floor.loads["alpha"].burst(300)
        data = floor.daemon.directory / "data"
        entries = floor.settle(redis)
        (path,) = data.glob("events-*")
        return entries, path.name, path.read_bytes()


def case_oracle(world):
    redis = world.server().start()
    entries, _name, _data = served(world, redis)
    stream = follow.read(redis, "alpha")
    check(not objection(follow.check_stream, stream, "alpha", entries), "the stream is good")
    for what, changed, says in cases_of(stream):
        said = objection(follow.check_stream, changed, "alpha", entries)
        check(says in said, "%s is not found: %s", what, said or "nothing was said")


def case_event_log(world):
    """Each byte that is changed is found: nothing of or behind it is read."""
    check(eventlog.crc32c(bytes(32)) == ZEROS_CRC, "not the CRC-32C of others")
    entries, name, data = served(world, world.server().start())
    whole = len(eventlog.read_segment(data, name)[0])
    check(whole == len(entries), "%d of %d entries", whole, len(entries))
    end = eventlog.read_segment(data, name)[2]
    data = data[:eventlog.SEGMENT_SIZE + end]
    for at in range(eventlog.SEGMENT_SIZE, eventlog.SEGMENT_SIZE + end, end // 40):
        changed = bytearray(data)
        changed[at] ^= 0x40
        read = eventlog.read_segment(bytes(changed), name)
        check(len(read[0]) < whole and read[2] <= at, "byte %d may be anything", at)
    changed = bytearray(data)
    changed[100] ^= 1
    check("not a segment" in objection(eventlog.read_segment, bytes(changed), name), "byte 100")


class Echo:
    """Somebody to talk to through a network."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.peers = []

    def meet(self, proxy):
        host, port = proxy.address.split(":")
        here = socket.create_connection((host, int(port)), 10)
        there, _ = self.listener.accept()
        there.settimeout(10)
        self.peers += [here, there]
        return here, there

    def close(self):
        for peer in [*self.peers, self.listener]:
            peer.close()


def can_be_read(peer):
    peer.settimeout(0.2)
    try:
        return peer.recv(100)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return "reset"
    finally:
        peer.settimeout(10)


def case_network(world):
    echo = world.closing(Echo())
    proxy = world.closing(Proxy(echo.address))
    here, there = echo.meet(proxy)
    here.sendall(b"x" * 10)
    check(can_be_read(there) == b"x" * 10, "through")
    proxy.hold()
    here.sendall(b"y")
    check(can_be_read(there) is None, "held")
    proxy.through()
    check(can_be_read(there) == b"y", "and let go")
    proxy.half_close()
    check(can_be_read(here) == b"", "half closed: the end")
    proxy.reset()
    here, there = echo.meet(proxy)
    proxy.swallow()
    here.sendall(b"z")
    check(can_be_read(there) is None, "swallowed")
    proxy.through()
    check(can_be_read(here) == "reset", "what was swallowed does not come back")
    here, there = echo.meet(proxy)
    proxy.refuse()
    check(can_be_read(here) == "reset", "refused")
    proxy.through()
    check_slow(echo, proxy)


def check_slow(echo, proxy):
    """A tenth of a second's worth of patience either way."""
    here, there = echo.meet(proxy)
    proxy.slow(20000)
    begin = time.monotonic()
    here.sendall(b"s" * 20000)
    size = 0
    while size < 20000:
        size += len(there.recv(65536))
    took = time.monotonic() - begin
    check(0.6 < took < 10, "20,000 bytes at 20,000 a second took %.2f s", took)


def case_ports(world):
    """Servers that start together do not take each other's port, and one that comes back has
    its own."""
    servers = [world.server(name="r%d" % i).start() for i in range(6)]
    check(len({server.port for server in servers}) == 6, "the same port twice")
    before = servers[0].port
    servers[0].kill()
    servers[0].start()
    check(servers[0].port == before, "another port")
    until(lambda: servers[0]("PING") == "PONG", "it answers")


if __name__ == "__main__":
    rig.main(globals())
