#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, and twice.

A header that needs another one included before it is a trap for whoever sorts
includes. Every header is compiled as the whole of a program, included twice.

usage: headers.py ROOT BUILD_ROOT COMPILER...
       headers.py --selftest COMPILER...
"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

import tidy

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c"]
# Headers of libraries that are not in the compiler's own path.
PACKAGES = ["libevent_core", "hiredis", "libprotobuf-c", "yaml-0.1", "jansson", "ncursesw"]


def package_flags():
    found = subprocess.run(["pkg-config", "--cflags"] + PACKAGES, capture_output=True, text=True,
                           check=False)
    return found.stdout.split() if found.returncode == 0 else []


def include_name(path):
    """How the tree writes this header in an include."""
    return path[len("lib/"):] if path.startswith("lib/") else path


def compile_alone(compiler, folders, path):
    """What the compiler says of this header, or None when it is content."""
    text = '#include "%s"\n' % include_name(path) * 2
    command = compiler + FLAGS + ["-I" + folder for folder in folders] + package_flags() + ["-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return result.stderr if result.returncode != 0 else None


def check(root, build, compiler):
    """The headers that do not compile, with the compiler's words."""
    paths = [path for path in tidy.source_paths(root) if path.endswith(".h")]
    folders = [root, os.path.join(root, "lib"), os.path.join(root, "clients/c"),
               build, os.path.join(build, "proto")]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda path: compile_alone(compiler, folders, path), paths))
    return [(path, said) for path, said in zip(paths, results) if said is not None], len(paths)


def selftest(compiler):
    headers = {
        "lib/base/good.h": "#pragma once\n#include <stdint.h>\nenum { GOOD };\nuint8_t g(void);\n",
        "lib/base/needy.h": "#pragma once\nuint8_t n(void);\n",
        "lib/base/twice.h": "enum { TWICE };\n",
    }
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "lib/base"))
        for path, text in headers.items():
            with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                out.write(text)
        bad, count = check(root, root, compiler)
    names = [path for path, _ in bad]
    if names != ["lib/base/needy.h", "lib/base/twice.h"] or count != 3:
        sys.exit("selftest: %d headers, bad ones %s" % (count, names))
    print("selftest: a needy header and one without a guard are seen")


def main():
    if sys.argv[1] == "--selftest":
        selftest(sys.argv[2:])
        return 0
    bad, count = check(sys.argv[1], sys.argv[2], sys.argv[3:])
    for path, said in bad:
        print("%s:1: [alone] does not compile alone; include what it uses\n%s" % (path, said))
    print("%d headers, %d do not compile alone" % (count, len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
