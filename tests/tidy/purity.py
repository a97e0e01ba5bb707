#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The core must not be able to do I/O. Ask the linker, not the reviewer.

Of the archives given, together, every undefined symbol must be one of the four
memory functions or acd_panic(), or what the compiler itself puts in (stack
protector, sanitizers, coverage). With --no-float nothing in the archives may
compute with floating point either: a replay must give the same everywhere.

usage: purity.py [--no-float ARCHIVE]... ARCHIVE...      the last archives together
       purity.py --selftest COMPILER...
"""

import os
import re
import subprocess
import sys
import tempfile

ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "acd_panic"}
# What the compiler adds on its own account.
COMPILERS_OWN = re.compile(
    r"__stack_chk_fail|__(asan|ubsan|tsan|lsan|hwasan|sanitizer|sancov)_\w+|"
    r"__(memcpy|memmove|memset)_chk|_GLOBAL_OFFSET_TABLE_|__gcov_\w+|__llvm_\w+")
# Scalar arithmetic and conversions of SSE and AVX, and the x87's. Moves and bit
# operations of vector registers are not here: memory is copied with them.
FLOAT = re.compile(
    r"\s(v?(add|sub|mul|div|sqrt|min|max)[sp][sd]|v?u?comis[sd]|v?cvtt?\w+|v?fn?m(add|sub)\w+|"
    r"f(ld|st|stp|add|sub|mul|div|ild|ist|istp)[a-z]*)\s")


def symbols(archive):
    """(undefined, defined) symbols of an archive."""
    out = subprocess.run(["nm", "-g", archive], capture_output=True, text=True, check=True).stdout
    undefined = set()
    defined = set()
    for line in out.splitlines():
        match = re.fullmatch(r"(?:[0-9a-f]+)?\s+([A-Za-z]) (\S+)", line)
        if match:
            (undefined if match.group(1) in "Uw" else defined).add(match.group(2))
    return undefined, defined


def impurities(archives):
    """What the archives need and neither have nor may have."""
    needed = set()
    had = set()
    for archive in archives:
        undefined, defined = symbols(archive)
        needed |= undefined
        had |= defined
    return sorted(name for name in needed - had - ALLOWED if not COMPILERS_OWN.fullmatch(name))


def float_instructions(archive):
    """(function, instruction) wherever the archive computes with fractions."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", archive], capture_output=True,
                         text=True, check=True).stdout
    function = "?"
    found = []
    for line in out.splitlines():
        start = re.match(r"[0-9a-f]+ <([^>]+)>:", line)
        if start:
            function = start.group(1)
        elif FLOAT.search(line + " "):
            found.append((function, line.split("\t")[-1].strip()))
    return found


def selftest(compiler):
    cases = [
        ("#include <string.h>\nvoid acd_panic(void);\n"
         "void a(char *x) { memmove(x, x + 1, 9); acd_panic(); }\n", [], 0),
        ("#include <stdio.h>\nvoid a(void) { puts(\"x\"); }\n", ["puts"], 0),
        ("#include <stdlib.h>\nvoid *a(void) { return malloc(3); }\n", ["malloc"], 0),
        ("#include <time.h>\nlong a(void) { return time(0); }\n", ["time"], 0),
        ("int b(void);\nint b(void) { return 1; }\nint a(void) { return b(); }\n", [], 0),
        ("int a(int x) { return (int)(x * 1.5); }\n", [], 3),
        ("double a(double x, double y) { return x / y; }\n", [], 1),
        ("struct s { long v[9]; };\nvoid a(struct s *x, struct s *y) { *x = *y; }\n", [], 0),
    ]
    for text, names, floats in cases:
        with tempfile.TemporaryDirectory() as folder:
            thing = os.path.join(folder, "a.o")
            subprocess.run(compiler + ["-O2", "-c", "-x", "c", "-o", thing, "-"], input=text,
                           text=True, check=True)
            archive = os.path.join(folder, "a.a")
            subprocess.run(["ar", "rc", archive, thing], check=True)
            found = impurities([archive])
            count = len(float_instructions(archive))
        if found != names or (count > 0) != (floats > 0):
            sys.exit("selftest: %r gave %s and %d float instructions" % (text, found, count))
    print("selftest: %d cases" % len(cases))


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "--selftest":
        selftest(arguments[1:])
        return 0
    no_float = []
    archives = []
    while arguments:
        argument = arguments.pop(0)
        if argument == "--no-float":
            no_float.append(arguments.pop(0))
        else:
            archives.append(argument)
    failures = 0
    for name in impurities(archives):
        failures += 1
        print("%s: [pure] calls %s(); move what needs it above the core, or pass it in" % (
            os.path.basename(archives[-1]), name))
    for archive in no_float:
        for function, instruction in float_instructions(archive):
            failures += 1
            print("%s: [pure] %s() computes with fractions (%s); use whole numbers" % (
                os.path.basename(archive), function, instruction))
    print("%d archive(s), %d impurities" % (len(archives), failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
