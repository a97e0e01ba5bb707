# SPDX-License-Identifier: Apache-2.0
"""A small generated day through a real daemon, which is killed at noon.

    daemon.py ACDD ACDREPLAY

Goal    Over sockets, with a kill -9 and a restart in the middle, every call ends
        exactly once, in order, no ready agent idles while a call waits, and no
        event is missing or comes twice.
Oracle  The referee of acdreplay, which knows only the events.
"""

import json
import os
import subprocess
import sys
import tempfile

RATE = "4000"


def start(acdd, directory):
    """A daemon that answers."""
    with open(os.path.join(directory, "log"), "ab") as log:
        daemon = subprocess.Popen(
            [acdd, "--data-dir", os.path.join(directory, "data"), "--listen",
             "unix:" + os.path.join(directory, "socket"), "--clock-rate", RATE],
            stdout=log, stderr=log)
    return daemon


def play(acdd, acdreplay, directory):
    """The faults, as sentences."""
    daemon = start(acdd, directory)
    replay = None
    try:
        replay = subprocess.Popen(
            [acdreplay, "--address", "unix:" + os.path.join(directory, "socket"), "--json",
             "--calls", "250", "--agents", "5", "--away", "60"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = []
        killed = False
        for line in replay.stderr:
            lines.append(line)
            if line.startswith("12:00") and not killed:
                daemon.kill()
                daemon.wait()
                daemon = start(acdd, directory)
                killed = True
        out = replay.stdout.read()
        code = replay.wait()
    finally:
        for process in (replay, daemon):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    if not killed:
        return ["noon never came: " + "".join(lines)]
    if code != 0:
        return [f"exit code {code}: {''.join(lines)} {out}"]
    result = json.loads(out)
    if result["simulated"]["calls"] != result["checks"]["ended"]:
        return [f"not every call ended: {result}"]
    return []


def main():
    """0 when there is no fault."""
    with tempfile.TemporaryDirectory() as directory:
        faults = play(sys.argv[1], sys.argv[2], directory)
        for fault in faults:
            print(fault)
            with open(os.path.join(directory, "log"), encoding="utf-8") as log:
                print(log.read())
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
