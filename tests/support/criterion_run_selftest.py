#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that criterion_run.py fails what it must.

usage: criterion_run_selftest.py CRITERION_RUN LEAKING_PROGRAM
"""

import os
import subprocess
import sys
import tempfile


def run(runner, program):
    return subprocess.run([sys.executable, runner, program], capture_output=True, text=True,
                          check=False)


def fake_program(directory, name, text, code):
    """A program that prints what Criterion would, with these results."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\nprintf '%%s\\n' '%s' >&2\nexit %d\n" % (text, code))
    os.chmod(path, 0o755)
    return path


def main():
    runner, leaking = sys.argv[1:]
    good = "[====] Synthesis: Tested: 2 | Passing: 2 | Failing: 0 | Crashing: 0 "
    none = "[====] Synthesis: Tested: 0 | Passing: 0 | Failing: 0 | Crashing: 0 "
    with tempfile.TemporaryDirectory() as directory:
        cases = [
            ("a leak", leaking, 1, "sanitizer report"),
            ("a good run", fake_program(directory, "good", good, 0), 0, "Passing: 2"),
            ("a failed run", fake_program(directory, "bad", good, 3), 1, "exit code 3"),
            ("an empty run", fake_program(directory, "none", none, 0), 1, "no test ran"),
            ("silence", fake_program(directory, "silent", "", 0), 1, "no test ran"),
            ("a skipped test",
             fake_program(directory, "skip", "[SKIP] x" + good, 0), 1, "skipped"),
        ]
        for name, program, code, text in cases:
            result = run(runner, program)
            if result.returncode != code or text not in result.stderr:
                sys.exit("%s: exit code %d, expected %d and \"%s\" in:\n%s"
                         % (name, result.returncode, code, text, result.stderr))
            print("ok: %s" % name)


if __name__ == "__main__":
    main()
