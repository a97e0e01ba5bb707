# SPDX-License-Identifier: Apache-2.0
"""Contacts that come and are served all the time: acdbench at a running daemon, one for
each tenant.
"""

import re
import signal
import subprocess

from harness import check, die_with_parent

FLOOR = ("--agents", "16", "--desktops", "1", "--warm-up", "0", "--no-audit", "--quiet",
         "--timeout", "60", "--client-keys")
DEADLINE_S = 60
INTERRUPTED = 1


class Load:
    def __init__(self, program, address, tenant):
        self.program = program
        self.tenant = tenant
        self.where = ("--connect", address, "--tenant", tenant)
        self.process = None

    def spawn(self, *arguments):
        return subprocess.Popen([self.program, *self.where, *FLOOR, *map(str, arguments)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                preexec_fn=die_with_parent)

    def burst(self, count, in_flight=64):
        """So many life cycles as fast as they go; every contact was served once."""
        process = self.spawn("--count", count, "--in-flight", in_flight)
        out, _ = process.communicate(timeout=DEADLINE_S)
        check(process.returncode == 0 and "nothing lost, nothing twice" in out, "%s: exit %d\n%s",
              self.tenant, process.returncode, out)

    def start(self, rate):
        """So many a second, until stop()."""
        check(self.process is None, "%s has its load", self.tenant)
        self.process = self.spawn("--rate", rate, "--arrivals", "fixed", "--seconds", "86400")

    def stop(self):
        if self.process is None:
            return
        check(self.process.poll() is None, "%s: the load has ended: %s", self.tenant,
              self.process.stdout.read() if self.process.poll() is not None else "")
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=DEADLINE_S)
        check(self.process.returncode == -signal.SIGINT or  # it had not begun
              self.process.returncode == INTERRUPTED and
              re.search(r"^stopped: .*interrupted$", out, re.M),
              "%s: exit %d\n%s", self.tenant, self.process.returncode, out)
        self.process = None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.process = None
