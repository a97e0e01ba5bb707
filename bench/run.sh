#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All figures, on this machine: sh bench/run.sh [BUILD_DIR]
#
#   core       steps a second with 10^3, 10^5 and 10^7 contacts waiting, without and
#              with client keys; with valgrind, also instructions a step
#   disk       what one sync costs, and how much of it a batch saves
#   daemon     life cycles a second over a unix socket, with and without syncs, their
#              processor time, and the time from submit to offer up to the wall
#
# Builds what it needs in BUILD_DIR (build), optimised. Some minutes, 4 GiB of
# memory, and a machine that does nothing else.

set -eu

cd "$(dirname "$0")/.."
build=${1:-build}

say() {
        printf '\n== %s\n' "$*"
}

acdbench() {
        "$build/clients/bench/acdbench" --daemon "$build/daemon/acdd" --pin --quiet "$@"
}

[ -f "$build/build.ninja" ] || meson setup "$build" >/dev/null
ninja -C "$build" daemon/acdd bench/core_step bench/bench_journal \
        clients/bench/acdbench >/dev/null

say "core: time a step"
"$build/bench/core_step"
if command -v valgrind >/dev/null; then
        say "core: instructions a step"
        "$build/bench/core_step" --callgrind
fi
say "disk"
"$build/bench/bench_journal" --dir "$build/bench"
say "daemon"
acdbench
say "daemon: without syncs"
acdbench -- --sync never
say "daemon: latency by rate"
acdbench --sweep auto --seconds 5 --svg "$build/latency.svg"
echo "plot: $build/latency.svg"
