# SPDX-License-Identifier: Apache-2.0
"""A day through a daemon, out of it as a queue_log, and played again.

    queue_log_trip.py ACDD ACDREPLAY ACDCTL ACDSIM

Goal    acdreplay plays a small generated day on a daemon, acdctl exports it,
        acdsim plays what was exported: the same calls came, those that acdreplay
        says were answered are recorded as answered, and as many are again.
Oracle  The counts of acdreplay. How many are answered again is not exact: on the
        daemon's fast clock a message takes seconds, in which calls ring that in
        acdsim are answered at once; so a few more are answered, and none fewer
        but by chance.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

RATE = "4000"
DEADLINE_S = 60
FEWER, MORE = 0.10, 0.25


def ask(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError("%s: exit code %d\n%s%s" % (command, done.returncode, done.stdout,
                                                         done.stderr))
    return done


def trip(acdd, acdreplay, acdctl, acdsim, directory):
    address = "unix:" + os.path.join(directory, "socket")
    path = os.path.join(directory, "queue_log")
    with open(os.path.join(directory, "log"), "wb") as log:
        daemon = subprocess.Popen([acdd, "--data-dir", os.path.join(directory, "data"),
                                   "--listen", address, "--clock-rate", RATE], stderr=log)
    try:
        end = time.monotonic() + DEADLINE_S
        while subprocess.run([acdctl, "--connect", address, "status"], capture_output=True,
                             check=False).returncode != 0:
            assert time.monotonic() < end and daemon.poll() is None, "the daemon does not run"
        played = json.loads(ask(acdreplay, "--address", address, "--json", "--calls", "250",
                                "--agents", "5").stdout)["simulated"]
        ask(acdctl, "--connect", address, "--tenant", "replay", "export", "queue_log",
            "--output", path)
    finally:
        daemon.kill()
        daemon.wait()
    again = json.loads(ask(acdsim, "--queue-log", path, "--json").stdout)
    recorded, simulated = again["recorded"], again["simulated"]
    assert again["plan"]["malformed"] == 0, again["plan"]
    for name in ("calls", "answered", "abandoned"):
        assert recorded[name] == played[name], (name, recorded, played)
    assert abs(recorded["mean_wait_s"] - played["mean_wait_s"]) < 1, (recorded, played)
    assert simulated["calls"] == played["calls"], simulated
    assert 1 - FEWER < simulated["answered"] / played["answered"] < 1 + MORE, (simulated, played)
    print("%d calls, %d answered; again %d" % (played["calls"], played["answered"],
                                               simulated["answered"]))


def main():
    with tempfile.TemporaryDirectory() as directory:
        trip(*sys.argv[1:], directory)


if __name__ == "__main__":
    main()
