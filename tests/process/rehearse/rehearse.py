#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rehearsal of deploy/quickstart.sh, as a newcomer meets it.

Goal    A small day says all that it promises and leaves nothing behind: no process
        and no file, whether it ends, is interrupted, or is killed itself. What
        --keep prints can be pasted, and stops all that it left.
Oracle  The exit code, what is printed, the processes of the system that know the
        rehearsal's TMPDIR, and what lies there.

usage: rehearse.py ACDREHEARSE ACDD ACDCTL REDIS_SERVER
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "acdctl"))
from harness import DEADLINE_S, check  # pylint: disable=wrong-import-position

DAY = ("--calls", "120", "--agents", "4", "--rate", "4000")
PROMISED = (
    r"(?m)^queue +calls \| answered abandoned mean wait  <= 20 s$",
    r"(?m)^PS +\d+ \|",
    r"(?m)^all +\d+ \| +\d+ +\d+ +\d+\.\d +\d+\.\d%$",
    r"(?m)^Erlang A +\d+ \| +\d+ +\d+ +\d+\.\d +\d+\.\d%",
    r"(?m)^submit to offer, on disk before it leaves: p50 [\d.]+ ms, p99 [\d.]+ ms",
    r"(?m)^killed -9 at \d\d:\d\d, back in \d+ ms: \d+ waiting, \d+ talking, all as before$",
    r"(?m)^events: \d+ received by subscription, \d+ from Redis",
    r"(?m)^checks: .* => all zero$",
    r"(?m)^Next:\n  \S.*\n  \S.*\n  \S.*$",
)


def crew(directory):
    """The commands of all processes that have this TMPDIR, or work in it: Redis
    writes over its environment."""
    mark = ("TMPDIR=" + directory).encode()
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (mark in (process / "environ").read_bytes().split(b"\0") or
                    os.readlink(process / "cwd").startswith(directory)):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            pass  # ended meanwhile, or another user's
    return found


def check_nobody(directory):
    end = time.monotonic() + DEADLINE_S
    while crew(directory):
        check(time.monotonic() < end, "still there: %s", crew(directory))


class Rehearsal:
    """One run of acdrehearse with a TMPDIR of its own."""

    def __init__(self, *options):
        program, acdd, self.acdctl, redis_server = sys.argv[1:5]
        self.home = tempfile.TemporaryDirectory(prefix="acdd-test-")
        self.directory = self.home.name
        self.environment = dict(os.environ, TMPDIR=self.directory)
        self.process = subprocess.Popen(
            [program, "--acdd", acdd, "--redis-server", redis_server, *options], text=True,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def until(self, begin):
        for line in self.process.stdout:
            if line.startswith(begin):
                return
        check(False, "no line begins with %s", begin)

    def finish(self, code):
        out = self.process.stdout.read()
        check(self.process.wait(DEADLINE_S) == code, "exit code %s, not %s\n%s",
              self.process.returncode, code, out)
        return out

    def shell(self, lines):
        script = "\n".join(lines).replace("build/clients/cli/acdctl", self.acdctl)
        done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=False,
                              env={"PATH": os.environ["PATH"]}, timeout=DEADLINE_S)
        check(done.returncode == 0, "%s\n%s%s", script, done.stdout, done.stderr)
        return done.stdout

    def close(self):
        check_nobody(self.directory)
        left = os.listdir(self.directory)
        check(not left, "left behind: %s", left)
        self.home.cleanup()


def check_promises(out):
    for promise in PROMISED:
        check(re.search(promise, out), "nothing like %s\n%s", promise, out)
    check(len(re.findall(r"(?m)^checks:", out)) == 1, "one line of checks\n%s", out)


def check_kept():
    run = Rehearsal(*DAY, "--keep")
    out = run.finish(0)
    check_promises(out)
    lines = out[out.index("Paste, here:"):].splitlines()[1:]
    stop = lines.index("and to stop it and remove what it wrote:")
    export, submit, contacts = lines[:3]
    contact = run.shell([export, submit]).split()[0]
    check(contact in run.shell([export, contacts]), "%s is not among the contacts", contact)
    check(len(crew(run.directory)) == 2, "daemon and Redis go on: %s", crew(run.directory))
    run.shell([export, *lines[stop + 1:]])
    run.close()


def check_interrupted(number):
    run = Rehearsal(*DAY)
    run.until("08:")
    check(len(crew(run.directory)) == 8, "all are there: %s", crew(run.directory))
    begin = time.monotonic()
    run.process.send_signal(number)
    out = run.finish(1)
    check("everything that was started is stopped" in out, "%s", out)
    check(time.monotonic() - begin < 15, "it does not wait for calls to end")
    run.close()


def check_killed():
    run = Rehearsal(*DAY)
    run.until("08:")
    run.process.kill()
    run.finish(-signal.SIGKILL)
    check_nobody(run.directory)
    run.home.cleanup()


def check_usage():
    for arguments, words in (
            (["--file", "/nowhere"], "--file needs --date"),
            (["--date", "990105"], "--date needs --file"),
            (["--kill-at", "25:00"], "HH:MM or never"),
            (["/nowhere"], "--file FILE")):
        run = Rehearsal(*arguments)
        check(words in run.finish(2), "wanted: %s", words)
        run.close()
    run = Rehearsal("--file", "/nowhere", "--date", "990105")
    check("/nowhere: No such file" in run.finish(1), "no such file")
    run.close()


def main():
    check_usage()
    check_kept()
    check_interrupted(signal.SIGINT)
    check_interrupted(signal.SIGHUP)
    check_killed()
    print("kept and stopped, interrupted, killed: nothing is left")


if __name__ == "__main__":
    main()
