#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the last line of tests/run.sh is true, and its exit code.

usage: summary_selftest.py SUMMARY
"""

import json
import os
import subprocess
import sys
import tempfile


def criterion(passing, failing, crashing):
    return "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: %d " % (
        passing + failing + crashing, passing, failing, crashing)


def entry(result, stderr=""):
    return {"name": "acdd:unit / some test", "result": result, "stdout": "", "stderr": stderr}


# What meson logged, the last line, the exit code.
CASES = [
    ([entry("OK")], "1 passed, 0 failed", 0),
    ([entry("OK", criterion(7, 0, 0)), entry("OK")], "8 passed, 0 failed", 0),
    ([entry("FAIL", criterion(5, 1, 1))], "5 passed, 2 failed", 1),
    ([entry("FAIL", criterion(7, 0, 0))], "7 passed, 1 failed", 1),
    ([entry("FAIL", "died early")], "0 passed, 1 failed", 1),
    ([entry("TIMEOUT")], "0 passed, 1 failed", 1),
    ([entry("SKIP"), entry("OK")], "1 passed, 1 failed", 1),
    ([entry("ERROR")], "0 passed, 1 failed", 1),
    ([], "0 passed, 0 failed", 1),
]


def main():
    for entries, last, code in CASES:
        with tempfile.TemporaryDirectory() as build:
            os.mkdir(os.path.join(build, "meson-logs"))
            with open(os.path.join(build, "meson-logs/testlog.json"), "w", encoding="utf-8") as log:
                log.writelines(json.dumps(one) + "\n" for one in entries)
            run = subprocess.run([sys.executable, sys.argv[1], build, build + "/absent"],
                                 capture_output=True, text=True, check=False)
        if run.stdout.split("\n")[-2] != last or run.returncode != code:
            sys.exit("expected \"%s\" and %d, got %d and:\n%s" % (last, code, run.returncode,
                                                                  run.stdout))
    print("%d cases" % len(CASES))


if __name__ == "__main__":
    main()
