#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What deploy/packages.sh says and does on machines that lack things.

The machines are folders of fake commands, which are all that a shell there can
find. Each case: which commands there are, the group asked for, what must be
printed, the exit code.

usage: packages_selftest.py PACKAGES_SH
"""

import os
import shutil
import subprocess
import sys
import tempfile

RUN_COMMANDS = ["cc", "ar", "meson", "ninja", "pkg-config", "python3", "protoc", "protoc-c",
                "redis-server"]
TOOLS = ["cat", "cp", "env"]


def fake(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)


def machine(folder, commands, manager, user):
    """A folder of commands; pkg-config, if any, knows every library."""
    for tool in TOOLS:
        os.symlink(shutil.which(tool), os.path.join(folder, tool))
    for name in commands:
        fake(folder, name, "exit 0")
    fake(folder, "id", "echo %d" % user)
    if manager:
        # An apt-get that brings what redis-server needs, and tells what it did.
        fake(folder, manager, 'echo "asked: $*" >&2\n'
             'case "$*" in *redis*) cp "$0" "${0%%/*}/redis-server" ;; esac\n'
             'exit %d' % (0 if user == 0 else 1))


def ask(packages, folder, group):
    return subprocess.run(
        ["/bin/sh", "-c", '. "$0"; acd_packages_install "$1"', packages, group],
        env={"PATH": folder}, capture_output=True, text=True, check=False)


def without(*names):
    return [name for name in RUN_COMMANDS if name not in names]


# Commands there, manager, user, group; what stdout must be; the exit code.
CASES = [
    (RUN_COMMANDS, "apt-get", 1000, "run", "", 0),
    (RUN_COMMANDS, None, 1000, "run", "", 0),
    (without("redis-server"), "apt-get", 1000, "run", "apt-get install -y redis-server\n", 3),
    (without("redis-server"), "dnf", 0, "run", "dnf install -y redis\n", 3),
    (without("protoc", "ninja"), "apk", 1000, "run", "apk add samurai protoc\n", 3),
    (without("protoc", "ninja"), "pacman", 1000, "run",
     "pacman -S --needed ninja protobuf\n", 3),
    (without("protoc-c", "pkg-config"), "pacman", 1000, "run",
     "pacman -S --needed pkgconf protobuf-c libevent hiredis openssl libyaml jansson ncurses "
     "zlib\n", 3),
    (without("meson"), None, 1000, "run", "apt-get install -y meson\n", 3),
    (without("redis-server"), "apt-get", 0, "run", "", 0),
    (without("meson"), "apt-get", 0, "run", "apt-get install -y meson\n", 3),
]


def main():
    for commands, manager, user, group, printed, code in CASES:
        with tempfile.TemporaryDirectory() as folder:
            machine(folder, commands, manager, user)
            result = ask(sys.argv[1], folder, group)
        if user != 0 and "installing" in result.stderr:
            sys.exit("user %d is told of installing:\n%s" % (user, result.stderr))
        if (result.stdout, result.returncode) != (printed, code):
            sys.exit("%s, %s, user %d: expected %r and %d, got %r and %d\n%s" % (
                [name for name in RUN_COMMANDS if name not in commands], manager, user, printed,
                code, result.stdout, result.returncode, result.stderr))
    print("%d machines" % len(CASES))


if __name__ == "__main__":
    main()
