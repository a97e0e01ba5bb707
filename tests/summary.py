#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sum up what meson logged of test runs, for people.

A Criterion program counts as the tests it says it ran, any other as one. What
failed is listed with the end of its output; the last line is the plain sum.

usage: summary.py BUILD_DIR...
       summary.py --targets BUILD_DIR SUITE   what must be built for a suite
"""

import json
import os
import re
import subprocess
import sys

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) "
                       r"\| Crashing: (\d+)")
TAIL_LINES = 40


def results(build):
    """What each test of this build directory left in the log."""
    path = os.path.join(build, "meson-logs", "testlog.json")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log if line.strip()]


def output_of(result):
    return (result.get("stdout") or "") + (result.get("stderr") or "")


def count(result):
    """(passed, failed) of one meson test. A program that failed counts at least
    one failure, whatever it says; a skipped test is a failed one."""
    good = result["result"] in ("OK", "EXPECTEDFAIL")
    found = SYNTHESIS.search(output_of(result))
    if found is None:
        return (1, 0) if good else (0, 1)
    tested, passing = int(found.group(1)), int(found.group(2))
    failed = tested - passing
    return passing, failed if good else max(failed, 1)


def print_failure(build, result):
    print("\n-- FAILED %s (%s, %s)" % (result["name"], result["result"].lower(), build))
    for line in output_of(result).rstrip("\n").split("\n")[-TAIL_LINES:]:
        print("   " + line)
    print("   again: meson test -C %s '%s'" % (build, result["name"].split(" / ")[-1]))


def targets(build, suite):
    """The files that the tests of one suite need, for ninja."""
    def introspect(what):
        return json.loads(subprocess.run(["meson", "introspect", build, "--" + what],
                                         capture_output=True, text=True, check=True).stdout)
    needed = {target for test in introspect("tests")
              if any(name == suite or name.endswith(":" + suite) for name in test["suite"])
              for target in test["depends"]}
    root = os.path.realpath(build)
    return sorted(os.path.relpath(os.path.realpath(path), root)
                  for target in introspect("targets") if target["id"] in needed
                  for path in target["filename"])


def main():
    if sys.argv[1] == "--targets":
        print(" ".join(targets(sys.argv[2], sys.argv[3])))
        return 0
    passed = failed = 0
    for build in sys.argv[1:]:
        for result in results(build):
            good, bad = count(result)
            passed += good
            failed += bad
            if bad:
                print_failure(build, result)
    print("\n%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
