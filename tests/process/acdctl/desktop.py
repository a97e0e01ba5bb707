#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The desktop in the terminal: keys on a pseudo-terminal of 80 by 24, and what
the daemon and the screen say to them.

The oracle is the daemon: after each key acdctl asks it how the agent stands. Of
the screen it is asked that the words are there and that no line is longer than
the terminal.

usage: desktop.py ACDD ACDCTL
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

from harness import DEADLINE_S, DONE, Daemon, check, die_with_parent, fail
from vt100 import Screen

FLOOR = """
skills: [billing]
queues: {billing: {requirement: {all: {billing: 1}}, wrap_up: 60s}}
agents: {anna: {skills: {billing: 5}}}
"""


class Desktop:
    def __init__(self, acdctl, *arguments):
        self.acdctl = acdctl
        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = dict(acdctl.environment(), TERM="vt100")
        self.process = subprocess.Popen([acdctl.program, "agent", "anna", *arguments],
                                        stdin=inner, stdout=inner, stderr=inner, env=environment,
                                        preexec_fn=die_with_parent)
        os.close(inner)
        self.screen = Screen()
        self.said = ""

    def read(self, seconds):
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            more = os.read(self.terminal, 65536).decode(errors="replace")
        except OSError:
            return False
        self.said += more
        self.screen.feed(more)
        return True

    def wait_for(self, words):
        end = time.monotonic() + DEADLINE_S
        while words not in self.screen.text():
            if time.monotonic() > end:
                fail("the screen never said `%s`; it says\n%s", words, self.screen.text())
            self.read(0.2)

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def agent_is(self, what, presence=None):
        """Press nothing; wait until the daemon sees the agent so."""
        def condition(found):
            agent = found["agents"][0]
            return agent.get("assignment_state", "idle") == what and (
                presence is None or agent["presence"] == presence)
        while self.read(0):
            pass
        return self.acdctl.until(condition, "agents")["agents"][0]

    def end(self, code):
        end = time.monotonic() + DEADLINE_S
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        check(self.process.poll() == code, "wanted exit %s, got %s\n%s", code,
              self.process.poll(), self.screen.text())
        os.close(self.terminal)


def work(daemon):
    desktop = Desktop(daemon.acdctl, "--address", "chat=anna-on-chat")
    desktop.wait_for("PAUSED")
    desktop.wait_for("not taking contacts")
    desktop.press("a")  # nothing is offered
    desktop.wait_for("not now")
    desktop.press("r")
    desktop.agent_is("idle", "ready")
    daemon.acdctl("submit", "billing", "--channel", "chat", "--customer", "c-4711").expect(DONE)
    desktop.wait_for("OFFER")
    desktop.wait_for("billing by chat")
    desktop.wait_for("left")
    desktop.wait_for("c-4711")
    desktop.press("x")
    desktop.agent_is("idle", "ready")
    daemon.acdctl("submit", "billing", "--channel", "chat", "--key", "second").expect(DONE)
    desktop.wait_for("OFFER")
    for key, state in (("a", "active"), ("h", "held"), ("h", "active"), ("k", "idle"),
                       ("u", "active"), ("c", "wrap-up")):
        desktop.press(key)
        desktop.agent_is(state)
    desktop.press("plunch\r")
    check(desktop.agent_is("wrap-up", "paused")["label"] == "lunch", "the reason of the pause")
    desktop.press("n")
    desktop.wait_for("1 served, then paused")
    check("(lunch)" in desktop.screen.text(), "why he is paused is forgotten\n%s",
          desktop.screen.text())
    desktop.agent_is("wrap-up", "paused")
    desktop.press("w")
    desktop.agent_is("idle", "paused")
    desktop.press("?")
    desktop.wait_for("any key closes this")
    desktop.press(" ")
    return desktop


def log_out_after(daemon):
    """A next state of logged-out ends the desktop, and nobody logs the agent in again."""
    desktop = Desktop(daemon.acdctl)
    desktop.wait_for("PAUSED")
    desktop.press("r")
    daemon.acdctl("submit", "billing", "--channel", "chat").expect(DONE)
    desktop.wait_for("OFFER")
    desktop.press("a")
    desktop.agent_is("active")
    desktop.press("n")
    desktop.wait_for("then paused")
    desktop.press("n")
    desktop.wait_for("then logged-out")
    desktop.press("c")
    desktop.agent_is("wrap-up")
    desktop.press("w")
    desktop.end(0)
    check(daemon.acdctl("agents", "--state", "logged-out", "--json").json()["agents"],
          "the agent is logged out")


def share(daemon):
    """Two sessions: one takes the offer and works, the other looks on."""
    onlooker = Desktop(daemon.acdctl, "--shared")
    onlooker.wait_for("PAUSED")
    taker = daemon.acdctl.start("agent", "anna", "--shared", "--auto", "--answer", "1ms",
                                "--handle", "1s", "--fixed", "--wrap-up", "1ms", "--count", "1",
                                "--json")
    daemon.acdctl("submit", "billing", "--channel", "email", "--customer", "c-1").expect(DONE)
    onlooker.wait_for("billing by email")
    onlooker.wait_for("taken by another desktop of yours")
    onlooker.wait_for("ACTIVE    billing by email")
    out, err = taker.communicate(timeout=DEADLINE_S)
    check(taker.returncode == 0 and out.count('"what":"handled"') == 1, "%s%s", out, err)
    onlooker.end(0)  # logged out with the other one


def survive(daemon, desktop):
    daemon.kill()
    desktop.wait_for("away")
    daemon.start()
    desktop.wait_for("up")
    desktop.agent_is("idle", "paused")


def main():
    with Daemon(sys.argv[1], sys.argv[2]) as daemon:
        daemon.acdctl("apply", "-", stdin=FLOOR).expect(DONE)
        desktop = work(daemon)
        survive(daemon, desktop)
        desktop.press("q")
        desktop.end(0)
        check(daemon.acdctl("agents", "--state", "logged-out", "--json").json()["agents"],
              "the agent is logged out")
        log_out_after(daemon)
        share(daemon)
        stranger = Desktop(daemon.acdctl, "--tenant", "default")
        stranger.wait_for("PAUSED")
        other = Desktop(daemon.acdctl)
        other.wait_for("PAUSED")
        stranger.end(1)  # replaced
        other.press("q")
        other.end(0)
    print("ready, rejected, accepted, held, parked, completed, paused, survived, replaced")


if __name__ == "__main__":
    main()
