#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests, from a fresh clone, on a bare machine: sh tests/run.sh
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither), builds with the address and undefined-behaviour sanitizers
# into build-test/ and runs every test; then builds what has threads with the
# thread sanitizer into build-test/tsan/ and runs those again. The last line is
# "N passed, N failed", and the exit code is 1 if any failed, 3 if packages are
# missing and cannot be installed.
#
# ACD_JOBS sets how many tests run at once (2).

set -eu

cd "$(dirname "$0")/.."
. deploy/packages.sh

jobs=${ACD_JOBS:-2}
build='build-test'
python=/usr/bin/python3
[ -x "$python" ] || python=python3

say() {
        printf '== %s\n' "$*"
}

# give_up WHAT LOG: the build itself failed; that is one failed test.
give_up() {
        say "$1 failed; from $2:"
        if grep -q '^FAILED:' "$2"; then
                sed -n '/^FAILED:/,$p' "$2" | cut -c1-400 | head -n 60
        else
                tail -n 40 "$2"
        fi
        echo "0 passed, 1 failed"
        exit 1
}

# configure DIR OPTION...: set up a build directory, unless it is there.
configure() {
        dir=$1
        shift
        [ -f "$dir/build.ninja" ] && return
        mkdir -p "$dir"
        say "configuring $dir"
        meson setup "$dir" --buildtype=debug -Doptimization=1 -Db_lundef=false \
                "-Dc_args=-fno-sanitize-recover=all" "$@" >"$dir/setup.log" 2>&1 ||
                give_up "configuring" "$dir/setup.log"
}

# compile DIR TARGET...: build, showing only trouble.
compile() {
        dir=$1
        shift
        ninja -C "$dir" "$@" >"$dir/build.log" 2>&1 || give_up "building" "$dir/build.log"
}

# run DIR OPTION...: run tests; what failed is told by the summary.
run() {
        dir=$1
        shift
        rm -f "$dir/meson-logs/testlog.json"
        meson test -C "$dir" --no-rebuild --num-processes "$jobs" --timeout-multiplier 4 "$@" || :
}

say "packages"
acd_packages_install test || exit $?

configure "$build" -Db_sanitize=address,undefined
say "building $build (address and undefined-behaviour sanitizers)"
compile "$build"
say "testing, $jobs at a time"
run "$build"

configure "$build/tsan" -Db_sanitize=thread
targets=$("$python" tests/summary.py --targets "$build/tsan" threads)
if [ -n "$targets" ]; then
        say "building $build/tsan (thread sanitizer)"
        # shellcheck disable=SC2086 # a list of words
        compile "$build/tsan" $targets
        say "testing what has threads"
        run "$build/tsan" --suite threads
fi

"$python" tests/summary.py "$build" "$build/tsan"
