# SPDX-License-Identifier: Apache-2.0
"""One redis-server: its life, and asking it.

It lives in a directory that its owner removes, and dies with the test (PDEATHSIG). Whoever
makes one closes it; a Group closes all of its own, whatever happened.

What is asked here is asked as the user "default", or as who @admin says.
"""

import contextlib
import pathlib
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

import ports  # noqa: E402
import resp  # noqa: E402
from harness import DEADLINE_S, check, die_with_parent  # noqa: E402

PAUSE_S = 0.01
START_TRIES = 8
UP_BUT = ("NOAUTH", "MASTERDOWN")  # errors of a server that is there
DURABLE = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
FORGETFUL = ("--save", "", "--appendonly", "no")


def until(condition, format_, *arguments, deadline_s=DEADLINE_S):
    """Ask again and again until @condition gives something true, which is returned."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < end, "this did not become true in time: " + format_, *arguments)
        select.select([], [], [], PAUSE_S)


class Redis:
    """A server on TCP and a unix socket; @options are those of redis-server."""

    def __init__(self, program, directory, *options):
        self.program = program
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.options = options or DURABLE
        self.admin = ()
        self.port = None
        self.process = None
        self.connection = None
        self.is_paused = False

    @property
    def path(self):
        return self.directory / "s"

    @property
    def unix(self):
        return "unix:%s" % self.path

    @property
    def tcp(self):
        return "127.0.0.1:%d" % self.port

    def arguments(self):
        return ["--port", str(self.port), "--repl-diskless-sync-delay", "0",
                *map(str, self.options)]

    def draw(self):
        (self.port,) = ports.draw()

    def start(self, *more, until_loaded=True):
        """With what it has on disk, until it answers; @more are options for this time."""
        for _ in range(START_TRIES if self.port is None else 1):
            if self.process is None:
                self.draw()
            if self.spawn(more):
                until(lambda: not until_loaded or self.is_up(UP_BUT), "it loads")
                return self
        return check(False, "redis-server does not start; it said:\n%s", self.log()[-2000:])

    def spawn(self, more):
        self.path.unlink(missing_ok=True)
        with open(self.directory / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, *self.arguments(), "--bind", "127.0.0.1", "--unixsocket",
                 str(self.path), "--dir", str(self.directory), *more],
                stdout=log, stderr=log, cwd=self.directory, preexec_fn=die_with_parent)
        until(lambda: self.is_up(("LOADING", *UP_BUT)) or self.process.poll() is not None,
              "redis-server answers")
        if self.process.poll() is None:
            return True
        self.process = None
        return False

    def is_up(self, but_for):
        """Does it answer, if only with an error?"""
        try:
            self("PING")
        except resp.RedisError as error:
            return error.code in but_for
        except (OSError, EOFError):
            return False
        return True

    def __call__(self, *words):
        """Ask it over the unix socket; a connection that was cut is made anew, once."""
        for is_last in (False, True):
            try:
                return self.connected()(*words)
            except (OSError, EOFError):
                self.disconnect()
                if is_last:
                    raise
        return None

    def connected(self):
        if self.connection is None:
            self.connection = resp.Connection(self.unix)
            if self.admin:
                self.connection("AUTH", *self.admin)
        return self.connection

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def at(self, _key):
        """Who has a key: as a Cluster says it."""
        return self

    @contextlib.contextmanager
    def asking(self):
        """Something to ask it with about a slot that is coming to it."""
        connection = resp.Connection(self.unix)

        def ask(*words):
            connection("ASKING")
            return connection(*words)

        try:
            yield ask
        finally:
            connection.close()

    def info(self, section):
        return dict(line.split(":", 1) for line in self("INFO", section).decode().split("\r\n")
                    if ":" in line)

    def configure(self, *pairs):
        check(self("CONFIG", "SET", *pairs) == "OK", "CONFIG SET %s", pairs)

    def cut(self):
        """End all connections but ours."""
        return self("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.is_paused = True

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.is_paused = False

    def can_answer(self):
        return self.process.poll() is None and not self.is_paused

    def kill(self):
        """As a machine that is gone; what is on its disk stays."""
        self.disconnect()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.is_paused = False

    def log(self):
        return (self.directory / "redis.log").read_text(errors="replace")

    close = kill


class Group:
    """Servers that end together."""

    def __init__(self):
        self.servers = []

    def kill_behind(self, master, replicas, meanwhile):
        """Kill @master when its replicas have been away from it for as long as @meanwhile takes,
        so that they lack what came then."""
        for replica in replicas:
            replica.pause()
        try:
            master("CLIENT", "KILL", "TYPE", "replica")
            meanwhile()
            check(master.info("replication")["connected_slaves"] == "0", "a replica follows")
            master.kill()
        finally:
            for replica in replicas:
                replica.resume()

    def close(self):
        for server in self.servers:
            server.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
