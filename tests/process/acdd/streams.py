# SPDX-License-Identifier: Apache-2.0
"""The streams in a real redis-server over what operators do with tenants and
what becomes of connections: no event is missing, none comes twice.

usage: streams.py ACDD ACDCTL REDIS_SERVER
"""

import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from harness import DEADLINE_S, DONE, Daemon, check, die_with_parent  # noqa: E402

BATCH_FIRST, BATCH_LAST = 3, 4


class Redis:
    """A server of its own on a unix socket, and as much of its protocol as is needed."""

    def __init__(self, program, directory):
        self.program = program
        self.directory = directory
        self.path = "%s/redis" % directory
        self.start()

    def start(self):
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly",
             "yes", "--appendfsync", "always", "--dir", self.directory],
            stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + DEADLINE_S
        while not self.is_up():
            check(self.process.poll() is None and time.monotonic() < end, "no redis-server")

    def is_up(self):
        try:
            return self("PING") == "PONG"
        except OSError:
            return False

    def __call__(self, *words):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.path)
            text = "*%d\r\n" % len(words) + "".join("$%d\r\n%s\r\n" % (len(word), word)
                                                   for word in words)
            peer.sendall(text.encode())
            with peer.makefile("rb") as file:
                return self.read(file)

    def read(self, file):
        kind, rest = file.read(1), file.readline()[:-2]
        if kind == b"*":
            return [self.read(file) for _ in range(int(rest))]
        if kind == b"$":
            return file.read(int(rest) + 2)[:-2]
        return int(rest) if kind == b":" else rest.decode()

    def close(self):
        self.process.kill()
        self.process.wait()


def numbers_of(batch):
    """First and last sequence: fixed64 fields of an EventBatch, after its name and epoch."""
    found, at = {}, 0
    while BATCH_LAST not in found:
        number, kind = batch[at] >> 3, batch[at] & 7
        if kind == 1:
            found[number] = struct.unpack_from("<Q", batch, at + 1)[0]
            at += 9
        else:
            check(kind == 2 and batch[at + 1] < 128, "an odd batch")
            at += 2 + batch[at + 1]
    return found[BATCH_FIRST], found[BATCH_LAST]


def check_stream(redis, tenant, last):
    """Every event of the stream once, in order, up to @last."""
    next_ = 1
    for name, fields in redis("XRANGE", "acd:{%s}:events" % tenant, "-", "+"):
        check(fields[0] == b"batch", "%s", fields[0])
        first, end = numbers_of(fields[1])
        check(name.decode().endswith("-%d" % end), "id %s of %d to %d", name, first, end)
        check(first == next_, "%s: event %d comes after %d", tenant, first, next_ - 1)
        next_ = end + 1
    check(last in (None, next_ - 1), "%s: %d events, not %d", tenant, next_ - 1, last or 0)
    return next_ - 1


def published(daemon):
    return daemon.acdctl.until(lambda status: status["redis"]["state"] == "refused" or
                               (status["redis"]["state"] == "connected" and
                                status["redis"]["lag_events"] == 0), "status")["redis"]


def check_all(daemon, redis):
    status = published(daemon)
    check(status["state"] == "connected", "publishing has stopped: %s", status)
    check_stream(redis, "default", last_event(daemon))
    return check_stream(redis, "gamma", None)


def make(daemon):
    daemon.acdctl("apply", "-", stdin="tenants: {gamma: {skills: [x]}}\n").expect(DONE)


def unmake(daemon):
    daemon.acdctl("apply", "-",
                  stdin="tenants: {gamma: {remove: {skills: [x]}}}\n").expect(DONE)
    daemon.acdctl("apply", "-", stdin="remove: {tenants: [gamma]}\n").expect(DONE)


def tenants_that_come_and_go(daemon, redis):
    events = 0
    for round_ in range(6):
        make(daemon)
        if round_ % 3 == 1:
            daemon.kill()
            daemon.start()
        unmake(daemon)
        check_all(daemon, redis)
        if round_ % 3 == 0:
            redis("CLIENT", "KILL", "TYPE", "normal")
        elif round_ % 3 == 2:
            daemon.acdctl("stop", "--fast").expect(DONE)
            daemon.process.wait(DEADLINE_S)
            daemon.start()
        daemon.acdctl("apply", "-", stdin="skills: [s%d]\n" % round_).expect(DONE)
        more = check_all(daemon, redis)
        check(more > events, "nothing of gamma came")
        events = more


def a_redis_that_is_killed(daemon, redis, directory):
    """With what it had and, as a new disk would be, without; the work goes on meanwhile."""
    for round_ in range(4):
        redis.close()
        if round_ % 2 == 1:
            shutil.rmtree("%s/appendonlydir" % directory)
        for number in range(5):
            daemon.acdctl("apply", "-", stdin="skills: [k%d-%d]\n" % (round_, number)).expect(DONE)
        daemon.acdctl.until(lambda status: status["redis"]["state"] == "connecting" and
                            status["redis"]["lag_events"] >= 5, "status")
        redis.start()
        published_again(daemon)
        check_stream(redis, "default", last_event(daemon))


def published_again(daemon):
    daemon.acdctl.until(lambda status: status["redis"]["state"] == "connected" and
                        status["redis"]["lag_events"] == 0, "status")


def last_event(daemon):
    return daemon.acdctl("status", "--json").json()["journal"]["event_last_sequence"]


def main():
    with tempfile.TemporaryDirectory() as directory:
        redis = Redis(sys.argv[3], directory)
        with Daemon(sys.argv[1], sys.argv[2], "--redis", "unix:%s" % redis.path) as daemon:
            daemon.acdctl("apply", "-", stdin="skills: [a]\n").expect(DONE)
            a_redis_that_is_killed(daemon, redis, directory)
            tenants_that_come_and_go(daemon, redis)
        redis.close()
    print("every event once")


if __name__ == "__main__":
    main()
