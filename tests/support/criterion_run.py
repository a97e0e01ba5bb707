#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Run one Criterion program and believe nothing it does not prove.

Criterion runs each test in a process of its own and reports a test as passed
although a sanitizer found a leak in it. So the sanitizers write their reports
into a directory of this run, and any report fails the run. A program in which
no test ran, or one was skipped, fails too: a skipped test is a failing test.

usage: criterion_run.py PROGRAM [ARGUMENT...]
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) "
                       r"\| Crashing: (\d+)")


def environment(log_dir):
    """The caller's environment, with every sanitizer's reports sent to log_dir."""
    env = dict(os.environ)
    for name, more in (("ASAN", "detect_leaks=1:"), ("LSAN", ""), ("TSAN", ""),
                       ("UBSAN", "print_stacktrace=1:halt_on_error=1:")):
        given = env.get(name + "_OPTIONS", "")
        log = "log_path=%s/%s" % (log_dir, name.lower())
        env[name + "_OPTIONS"] = (given + ":" if given else "") + more + log
    return env


def verdict(code, text, log_dir):
    """Why this run failed, or None."""
    reports = sorted(pathlib.Path(log_dir).iterdir())
    if reports:
        for report in reports:
            sys.stderr.write(report.read_text(errors="replace"))
        return "%d sanitizer report(s), above" % len(reports)
    if code != 0:
        return "exit code %d" % code
    found = SYNTHESIS.search(text)
    if found is None or int(found.group(1)) == 0:
        return "no test ran"
    if "[SKIP]" in text:
        return "a test was skipped"
    return None


def main():
    with tempfile.TemporaryDirectory(prefix="acdd-test-") as log_dir:
        run = subprocess.run(sys.argv[1:] + ["--jobs", "1"], env=environment(log_dir),
                             stderr=subprocess.PIPE, check=False)
        text = run.stderr.decode(errors="replace")
        sys.stderr.write(text)
        why = verdict(run.returncode, text, log_dir)
    if why is not None:
        sys.stderr.write("criterion_run: %s: %s\n" % (os.path.basename(sys.argv[1]), why))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
