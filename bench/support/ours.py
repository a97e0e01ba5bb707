# SPDX-License-Identifier: Apache-2.0
"""Our side: acdd under acdbench.

A run is a fresh daemon on core 0 and acdbench on core 1, as with the others.
acdbench counts what each contact went through while it runs, and ends with an
error if one came twice or never; its audit, which reads all events back
afterwards, is left to the smoke run, as it takes longer than the measurement.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
from statistics import median

import servers

# Room for a million that wait, and for a window of ten thousand on one connection.
DAEMON = ("--inflight-max", "65536", "--limit-contact-count-max", "1300000",
          "--limit-payload-cell-count-max", "4000000", "--limit-key-count-max", "1000",
          "--disk-low-size", "0", "--disk-critical-size", "0")
NO_SNAPSHOT = ("--snapshot-commands", "10000000000", "--snapshot-size", "1T")
SETTLE_TRIES, SETTLED_WAKEUPS = 100, 1


def address_of(server):
    """As our tools want it."""
    if server.address.startswith("unix:"):
        return server.address
    return "tcp:" + server.address


def memory_most_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+)", status.read(), re.M).group(1))


class Acdbench:
    def __init__(self, build):
        self.build = build
        self.most = None  # life cycles a second with sync always

    def has_option(self, name):
        """Whether this daemon can be told so."""
        done = subprocess.run([self.build / "daemon/acdd", "--help"], capture_output=True,
                              text=True, check=True)
        return re.search(r"^\s*%s\s" % name, done.stdout, re.M) is not None

    def daemon(self, *options, data=None):
        return servers.acdd(self.build / "daemon/acdd", *DAEMON, *options, data=data)

    def words(self, bench, server):
        """How acdbench is called."""
        words = [self.build / "clients/bench/acdbench", "--connect", address_of(server), "--pid",
                 server.pid, "--json", "--quiet", "--attributes", bench.scale.payload, "--warm-up",
                 bench.scale.warm_s]
        return words if bench.scale.drains else [*words, "--no-audit"]

    def load(self, bench, server, *options):
        """One run of acdbench; its part, in the words of the other loads."""
        return self.told(servers.run_load([*self.words(bench, server), *options]))

    @staticmethod
    def told(text):
        """What acdbench said, in the words of the other loads."""
        said = json.loads(text)
        part, checks = said["parts"][0], said["checks"]
        if checks["failed"] or checks["refused"] or not checks["ended"]:
            raise servers.Failure("acdbench found: %s" % checks)
        offer = part["submit_to_offer_us"]
        result = {"rate": part["rate"], "server_cpu_us": part["daemon_cpu_us"],
                  "load_cpu_us": part["client_cpu_us"], "submitted": checks["submitted"],
                  "got": checks["completed"], "left": 0, "is_checked": True,
                  "is_overloaded": part["overloaded"]}
        return result | {"offer_%s_us" % name.replace("p99.9", "p999"): offer.get(name)
                         for name in ("p50", "p90", "p99", "p99.9")}

    def measure(self, bench, sync, window=None, waiting=0, rate=None, agents=None, desktops=None,
                address=None, more=()):
        options = ["--agents", agents or bench.scale.agents, "--waiting", waiting, "--desktops",
                   desktops or bench.scale.connections - 1, "--seconds", bench.scale.seconds]
        options += ["--rate", rate] if rate else ["--in-flight", window or bench.scale.window]
        with servers.running(self.daemon("--sync", sync, *more), bench.where,
                             address) as server:
            settle(server, bench.scale.settle_s)
            return self.load(bench, server, *options)

    def row(self, bench, **options):
        return lambda: self.measure(bench, **options)

    def half_rate(self, bench):
        """Half of what a closed loop does, everything on disk first."""
        if self.most is None:
            runs = bench.raw.get("durable", {}).get("acdd, sync always") or [
                self.measure(bench, "always") for _ in range(min(3, bench.scale.rounds))]
            self.most = median(run["rate"] for run in runs)
        return max(1, round(self.most / 2))

    def half_row(self, bench, *more):
        """Open loop at that rate; more for the daemon."""
        return lambda: self.measure(bench, "always", rate=self.half_rate(bench), more=more)

    def published_row(self, bench):
        """As in memory, with a Redis on the load's core that gets every event."""
        def measure():
            with contextlib.ExitStack() as stack:
                redis = stack.enter_context(servers.running(
                    servers.redis("--appendonly", "no"), bench.where, "unix", core=1))
                server = stack.enter_context(servers.running(
                    self.daemon("--sync", "never", "--redis", redis.address), bench.where))
                settle(server, bench.scale.settle_s)
                run = self.load(bench, server, "--seconds", bench.scale.seconds, "--agents",
                                bench.scale.agents, "--in-flight", bench.scale.window)
                return run | {"lag": self.status(server)["redis"]["lag_events"]}
        return measure

    def status(self, server, *options):
        done = subprocess.run([self.build / "clients/cli/acdctl", "status", "--json", *options],
                              env=dict(os.environ, ACD_CONNECT=address_of(server)),
                              capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise servers.Failure("acdctl status: " + done.stderr)
        return json.loads(done.stdout)

    def memory_row(self, bench, waiting):
        """The most that a daemon holds with so many waiting, less the same without."""
        def most(count):
            with servers.running(self.daemon("--sync", "never"), bench.where) as server:
                self.load(bench, server, "--waiting", count, "--count", 1, "--in-flight", 1)
                return memory_most_kib(server.pid)

        def measure():
            return {"bytes": (most(waiting) - most(0)) * 1024 / waiting}
        return measure

    def recovery_row(self, bench):
        """Kill a daemon after a run, start it again, and ask its log for the replay."""
        def measure():
            with servers.running(self.daemon("--sync", "never", *NO_SNAPSHOT),
                                 bench.where) as server:
                self.load(bench, server, "--seconds", bench.scale.seconds, "--in-flight",
                          bench.scale.window)
                server.stop(signal.SIGKILL)
                again = self.daemon("--sync", "never", data=server.directory / "data")
                with servers.running(again, bench.where) as second:
                    return replay_told(second.said())
        return measure

    def idle_row(self, bench):
        """How often a daemon wakes up that nobody talks to, and what it holds."""
        def measure():
            command = servers.acdd(self.build / "daemon/acdd", "--sync", "always")
            with servers.running(command, bench.where) as server:
                settle(server, bench.scale.settle_s)
                return {"wakeups": wakeups_in(server, bench.scale.idle_s) * 60 /
                                   bench.scale.idle_s,
                        "rss_kib": memory_most_kib(server.pid)}
        return measure


def settle(server, seconds):
    """Wait until the daemon does nothing. After its start it prepares the journal's next
    segment, which a run that is a moment long would take for the daily state."""
    for _ in range(SETTLE_TRIES):
        if wakeups_in(server, seconds) <= SETTLED_WAKEUPS:
            return


def wakeups_in(server, seconds):
    before = wakeups(server.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(seconds)
    return wakeups(server.pid) - before


def wakeups(pid):
    """How often its threads gave up a processor to wait, so far."""
    count = 0
    for path in pathlib.Path("/proc/%d/task" % pid).glob("*/status"):
        count += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", path.read_text(),
                               re.M).group(1))
    return count


def replay_told(log):
    match = re.search(r"event=started .*replayed=(\d+) replay_ms=(\d+)", log)
    if not match or match.group(1) == "0":
        raise servers.Failure("nothing was replayed:\n" + log)
    count, took_ms = map(int, match.groups())
    return {"commands": count, "rate": count * 1000 / max(1, took_ms)}
