# SPDX-License-Identifier: Apache-2.0
"""What the tests of acdctl share: a daemon of their own, and checks that say
what went wrong.

A daemon lives in a directory of its own and listens on a unix socket in it. It
dies with the test (PDEATHSIG). Waiting is done by asking acdctl, with a
deadline; nothing sleeps for a fixed time.
"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DONE, REFUSED, USAGE, NO_DAEMON, TIMEOUT, NOT_ALLOWED = range(6)
DEADLINE_S = 30


def fail(format_, *arguments):
    sys.stderr.write((format_ % arguments if arguments else format_) + "\n")
    sys.exit(1)


def check(condition, format_, *arguments):
    if not condition:
        frame = sys._getframe(1)
        fail("%s:%d: %s", os.path.basename(frame.f_code.co_filename), frame.f_lineno,
             format_ % arguments if arguments else format_)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def io_options():
    """ACD_TEST_IO chooses how a daemon under test serves its sockets."""
    io = os.environ.get("ACD_TEST_IO")
    return ("--io", io) if io else ()


class Run:
    """What one call of acdctl did."""

    def __init__(self, arguments, done):
        self.arguments = arguments
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def __str__(self):
        return "acdctl %s\nexit %d\n%s%s" % (" ".join(self.arguments), self.code, self.out,
                                             self.err)

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def expect(self, code):
        check(self.code == code, "wanted exit %d\n%s", code, self)
        if code != DONE:
            check(re.search(r"^try: \S+", self.err, re.M), "no command to try\n%s", self)
        return self


class Acdctl:
    """acdctl at an address."""

    def __init__(self, program, address):
        self.program = program
        self.address = address

    def environment(self):
        environment = dict(os.environ, ACD_CONNECT=self.address, NO_COLOR="1")
        environment.pop("ACD_TENANT", None)
        return environment

    def __call__(self, *arguments, stdin=None):
        done = subprocess.run([self.program, *arguments], input=stdin, capture_output=True,
                              text=True, env=self.environment(), timeout=60, check=False)
        return Run(arguments, done)

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment(),
                                preexec_fn=die_with_parent)

    def until(self, condition, *arguments):
        """Ask with --json until the answer satisfies condition; returns the answer."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            run = self(*arguments, "--json")
            if run.code == DONE and condition(run.json()):
                return run.json()
        fail("this did not become true in time: acdctl %s\n%s", " ".join(arguments), run)
        return None


class Daemon:
    """A real acdd, and acdctl at it."""

    def __init__(self, acdd, program, *options):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="acdd-test-"))
        self.acdd = acdd
        self.options = options + io_options()
        self.acdctl = Acdctl(program, "unix:%s/s" % self.directory)
        self.process = None
        self.log = open(self.directory / "log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.acdd, "--data-dir", str(self.directory / "data"), "--listen",
             "unix:%s/s" % self.directory, *self.options],
            stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)
        end = time.monotonic() + DEADLINE_S
        while self.acdctl("status", "--role", "operator").code != DONE:
            if self.process.poll() is not None or time.monotonic() > end:
                fail("the daemon does not run; it said:\n%s",
                     (self.directory / "log").read_text()[-2000:])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop_fast(self):
        """Stop; a daemon that has yet to see which peers are gone may be full for a moment."""
        end = time.monotonic() + DEADLINE_S
        run = self.acdctl("stop", "--fast")
        while "RETRY_AFTER" in run.err and time.monotonic() < end:
            run = self.acdctl("stop", "--fast")
        run.expect(DONE)

    def close(self):
        if self.process.poll() is None:
            self.stop_fast()
            try:
                self.process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
        else:
            self.process.kill()
            sys.stderr.write("what the daemon wrote is in %s\n" % self.directory)
