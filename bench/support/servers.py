# SPDX-License-Identifier: Apache-2.0
"""Servers under load: each a process on a core of its own, on a free loopback
port, in a directory that goes with it.

A server is ready when it takes a connection; that is waited for, with a deadline.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DEADLINE_S = 120
# Found here too, where not everybody's PATH leads.
MORE_PATH = ":/usr/sbin:/sbin"


class Failure(Exception):
    """A server that does not start, or a load that found something wrong."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + MORE_PATH)
    if path is None:
        raise Failure("%s is not installed; run sh bench/peers/run.sh" % program)
    return path


def on_core(core):
    """What a child does first: die with us, and stay on its core if there are two."""
    def prepare():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if core in os.sched_getaffinity(0):
            os.sched_setaffinity(0, {core})
    return prepare


class Server:
    """A running server: where it listens, its process, its directory."""

    def __init__(self, address, process, directory, log):
        self.address = address
        self.process = process
        self.directory = directory
        self.log = log

    @property
    def pid(self):
        return self.process.pid

    def wait_until_ready(self):
        end = time.monotonic() + DEADLINE_S
        while not takes_connection(self.address):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure("%s does not start; it said:\n%s" % (
                    self.process.args[0], self.said()[-2000:]))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.01)

    def said(self):
        return self.log.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def takes_connection(address):
    family, place = socket.AF_UNIX, address.removeprefix("unix:")
    if place == address:
        host, port = address.rsplit(":", 1)
        family, place = socket.AF_INET, (host, int(port))
    with socket.socket(family) as probe:
        return probe.connect_ex(place) == 0


@contextlib.contextmanager
def running(command, where, address=None, core=0):
    """A server; command(address, directory) says how it is started."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="peer-", dir=where))
    if address == "unix":
        address = "unix:%s/s" % directory
    address = address or "127.0.0.1:%d" % free_port()
    log = directory / "log"
    server = None
    try:
        with open(log, "wb") as out:
            server = Server(address, subprocess.Popen(
                command(address, directory), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=directory, preexec_fn=on_core(core)), directory, log)
        server.wait_until_ready()
        yield server
    finally:
        if server is not None and server.process.poll() is None:
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)


#
# How each is started. They are quiet: a log is not what is measured.
#


def port_of(address):
    return address.rsplit(":", 1)[1]


def beanstalkd(*options):
    def command(address, directory):
        own = [str(directory) if word == "DIR" else word for word in options]
        return [find("beanstalkd"), "-l", "127.0.0.1", "-p", port_of(address), *own]
    return command


def gearmand(*options):
    def command(address, directory):
        return [find("gearmand"), "-L", "127.0.0.1", "-p", port_of(address), "-l", "none", "-P",
                str(directory / "pid"), *options]
    return command


def redis(*options):
    def command(address, directory):
        where = ["--port", port_of(address), "--bind", "127.0.0.1"]
        if address.startswith("unix:"):
            where = ["--port", "0", "--unixsocket", address.removeprefix("unix:")]
        return [find("redis-server"), *where, "--save", "", "--dir", str(directory),
                "--loglevel", "warning", *options]
    return command


def acdd(program, *options, data=None):
    def command(address, directory):
        return [str(program), "--data-dir", str(data or directory / "data"), "--listen", address,
                *options]
    return command


def bound(program, *options, what="serve"):
    def command(address, _):
        return [str(program), what, address, *options]
    return command


class Load:
    """A load on its core, that runs."""

    def __init__(self, arguments, core=1):
        self.arguments = [str(word) for word in arguments]
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        preexec_fn=on_core(core))

    def line(self):
        """The next line that it prints; nothing when it has ended."""
        return self.process.stdout.readline().strip()

    def end(self, number=None, seconds=900):
        """Wait until it ends, after a signal if one is given; what it printed."""
        if number is not None:
            self.process.send_signal(number)
        out, trouble = self.process.communicate(timeout=seconds)
        if self.process.returncode != 0:
            raise Failure("%s\nended with %d:\n%s%s" % (
                " ".join(self.arguments), self.process.returncode, out[-2000:], trouble[-2000:]))
        return out

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def run_load(arguments, core=1, seconds=900):
    """Run a load on its core until it ends; what it printed."""
    with Load(arguments, core) as load:
        return load.end(seconds=seconds)


def parse(text):
    """The numbers that a load printed: its last line."""
    try:
        return json.loads(text.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise Failure("no numbers in what a load said: %r" % text[-500:]) from error
