#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# acdd as fast as the compiler can make it, from a fresh clone:
#
#     sh deploy/build.sh [BUILD_DIR [TARGET...]]        (build-release, all)
#     sudo meson install -C build-release
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither). Then builds twice, with link-time optimisation: a daemon that counts what it
# does, some seconds of load on it, and the one that is laid out for what was counted.
# Whatever the load did not do is optimised as ever. Some two minutes on two cores, for a
# quarter fewer instructions a contact than the plain build has.
#
# The exit code is 0 when it is built, 1 when not, 2 for an option that there is not, 3 when
# packages are missing and cannot be installed.

set -eu

case "${1:-}" in
-h | --help)
        sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
-*)
        echo "build.sh: no such option: $1; --help shows how it is called" >&2
        exit 2
        ;;
/* | '') build=${1:-} ;;
*) build=$PWD/$1 ;;
esac
[ $# -eq 0 ] || shift
# Who names a target may mean one of the tests or benchmarks.
tests=false
[ $# -eq 0 ] || tests=true

cd "$(dirname "$0")/.."
. deploy/packages.sh

build=${build:-$PWD/build-release}

say() {
        printf '== %s\n' "$*"
}

# What it says goes to a file, whose end is shown when it fails.
quietly() {
        log="$build/$1.log"
        shift
        "$@" >"$log" 2>&1 || {
                say "that failed; the end of $log:"
                tail -n 30 "$log"
                exit 1
        }
}

# Connections of every number, both kinds of socket, keys, waiting contacts, calls that a gateway
# connects, work after them, with and without syncs.
train() {
        load train-1 --tcp --attributes 100 --count 200000 -- --sync never
        load train-2 --client-keys --customer-keys --queues 16 --skills 8 --count 50000 -- \
                --sync always
        load train-3 --tcp --agents 200 --desktops 200 --gateways 4 --channel phone=1,chat=1 \
                --count 30000
        load train-4 --waiting 20000 --handle exp:20 --in-flight 500 --count 20000
}

load() {
        name=$1
        shift
        quietly "$name" "$build/clients/bench/acdbench" --daemon "$build/daemon/acdd" --warm-up 0 \
                --quiet "$@"
}

say "packages"
acd_packages_install run || exit $?
mkdir -p "$build"

say "configuring $build"
[ ! -f "$build/build.ninja" ] || rm -rf "$build/meson-private" "$build/build.ninja"
# A compiler newer than ours may warn where ours does not: no reason to stop here.
quietly setup meson setup "$build" --buildtype=release -Db_lto=true -Db_pgo=generate \
        "-Dtests=$tests" -Dwerror=false

say "building a daemon that counts"
quietly count ninja -C "$build" daemon/acdd clients/bench/acdbench

say "load"
train

say "building the one for that load"
quietly configure meson configure "$build" -Db_pgo=use -Dc_args=-fprofile-partial-training
quietly build ninja -C "$build" "$@"

say "done: $build/daemon/acdd"
echo "to install it:  meson install -C $build"
