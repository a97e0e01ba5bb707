#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Would the load notice, and does the report judge right?

A made-up beanstalkd gives jobs as it should, gives one twice, makes one up, or
forgets one; peerload has to accept the first and to name what is wrong with the
others. Then targets are judged on made-up figures.

usage: selftest.py PEERLOAD
"""

import collections
import contextlib
import pathlib
import socketserver
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import figures  # noqa: E402
import targets  # noqa: E402

WRONG_AT = 40


class Queue(socketserver.ThreadingTCPServer):
    """beanstalkd with a fault, as far as peerload speaks to it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, fault):
        super().__init__(("127.0.0.1", 0), Connection)
        self.fault = fault
        self.lock = threading.Lock()
        self.jobs = collections.deque()
        self.given = 0
        self.last = b""

    def put(self, body):
        with self.lock:
            self.jobs.append(body)

    def reserve(self):
        with self.lock:
            body = self.jobs.popleft()
            self.given += 1
            if self.given == WRONG_AT and self.fault == "twice":
                self.jobs.append(body)
                body = self.last
            if self.given == WRONG_AT and self.fault == "made up":
                body = b"%020d" % 999999999 + body[20:]
            self.last = body
            return body

    def ready(self):
        return len(self.jobs) - (1 if self.fault == "forgotten" else 0)


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        # A load that found a fault is gone without a word.
        with contextlib.suppress(ConnectionError):
            while line := self.rfile.readline():
                self.wfile.write(self.answer(line.split()))

    def answer(self, words):
        if words[0] == b"put":
            self.server.put(self.rfile.read(int(words[4]) + 2)[:-2])
            return b"INSERTED 1\r\n"
        if words[0] == b"reserve":
            body = self.server.reserve()
            return b"RESERVED 1 %d\r\n%s\r\n" % (len(body), body)
        if words[0] == b"delete":
            return b"DELETED\r\n"
        text = b"---\ncurrent-jobs-ready: %d\n" % self.server.ready()
        return b"OK %d\r\n%s\r\n" % (len(text), text)


def load(program, fault, waiting):
    with Queue(fault) as queue:
        threading.Thread(target=queue.serve_forever, daemon=True).start()
        done = subprocess.run(
            [program, "beanstalkd", "127.0.0.1:%d" % queue.server_address[1], "--connections", "2",
             "--window", "8", "--waiting", waiting, "--warm", "0", "--seconds", "0.05"],
            capture_output=True, text=True, timeout=60, check=False)
        queue.shutdown()
    return done.returncode, done.stderr


def check(condition, what):
    if not condition:
        sys.exit("wrong: %s" % (what,))


def check_load(program):
    cases = [("none", "0", 0, ""), ("none", "100", 0, ""), ("twice", "100", 1, "came twice"),
             ("made up", "100", 1, "was never submitted"), ("forgotten", "100", 1, " wait")]
    for fault, waiting, code, text in cases:
        got = load(program, fault, waiting)
        check(got[0] == code and text in got[1], (fault, waiting, got))


def verdicts(raw, judge):
    line = judge(figures.Results(raw))
    return line.measured, line.also, line.verdict


def runs(field, *values):
    return [{field: value, "server_cpu_us": 1 / value} for value in values]


def check_targets():
    raw = {"s": {"ours": runs("rate", 30, 10, 20), "theirs": runs("rate", 10, 5, 900),
                 "slow": runs("rate", 1),
                 "acdd": [{"wakeups": 0}]},
           "latency": {"round trip": [{"p50_us": 40}], "fdatasync, 4 KiB": [{"p50_us": 160}],
                       "ours": [{"offer_p50_us": 300}], "blocked": [{"offer_p50_us": 250}],
                       "alone": [{"p50_us": 200}]},
           "core": {"1,000 waiting, 10 agents": [{"core": 9, "glib": 9}],
                    "100,000 waiting, 10 agents": [{"core": 100, "glib": 400}],
                    "1,000,000 waiting, 10 agents": [{"core": 100, "glib": 150}],
                    "instructions": [{"percent": 3}]},
           "memory": {"acdd": [{"bytes": 228}]}}
    twice = targets.at_least("", "s", "ours", ["theirs", "slow"], 2)
    more = targets.at_least("", "s", "ours", ["theirs", "slow"], 2.1)
    check(verdicts(raw, twice) == ("2.00 ×", "2.00 ×", "met"), "a ratio of medians")
    check(verdicts(raw, more)[2] == "not met", "a ratio that is too small")
    check(verdicts({}, twice) == ("–", "–", "not measured"), "a ratio of nothing")
    beside = targets.at_least("", "s", "ours", ["theirs"], None)
    check(verdicts(raw, beside) == ("2.00 ×", "2.00 ×", "for comparison"), "no target")
    no_worse = targets.no_worse("", "ours", "blocked", "offer_p50_us", 1.1)
    check(verdicts(raw, no_worse) == ("1.20 ×", "300 µs of 250 µs", "not met"), "two latencies")
    check(verdicts({}, no_worse) == ("–", "", "not measured"), "two latencies of nothing")
    core = targets.core("", "core", "glib", (1e5, 1e6), 2)
    check(verdicts(raw, core) == ("1.50 ×", "4.00 × at best", "not met"), "the core")
    check(verdicts({}, core)[2] == "not measured", "no core")
    within = targets.within("", "ours", "p50_us", "p50_us", 1.5)
    check(verdicts(raw, within) == ("1.50 ×", "300 µs of 200 µs", "met"), "a latency")
    alone = targets.sync_limit("", "alone", "p50_us")
    check(verdicts(raw, alone) == ("1.20 ×", "240 µs of 200 µs", "for comparison"), "syncs alone")
    check(verdicts({}, alone)[0] == "–", "no syncs")
    check(verdicts(raw, targets.memory("", "acdd", 100, 127))[2] == "not met", "memory")
    check(verdicts(raw, targets.at_most("", "s", "wakeups", 60)) == ("0", "", "met"), "zero")


def main():
    check_load(sys.argv[1])
    check_targets()
    print("the load notices, the report judges right")


if __name__ == "__main__":
    main()
