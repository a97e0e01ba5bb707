#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# acdd beside beanstalkd, gearmand and Redis, from a fresh clone: sh bench/peers/run.sh
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither), builds into build-bench/ as deploy/build.sh does (some minutes),
# measures for twenty to twenty-five minutes, prints the tables and writes
# bench/RESULTS.md. Wants a machine with two cores and nothing else to do. How to read
# it: bench/README.md.
#
#   --quick                      one short round: does it work?
#   --section NAME,...           only these; RESULTS.md is not written then
#   --rounds N, --seconds S      more or less of it
#   --out FILE                   instead of bench/RESULTS.md

set -eu

cd "$(dirname "$0")/../.."
. deploy/packages.sh

build='build-bench'
python=/usr/bin/python3
[ -x "$python" ] || python=python3

say() {
        printf '== %s\n' "$*"
}

for argument in "$@"; do
        case "$argument" in
        -h | --help)
                sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
                exit 0
                ;;
        esac
done

say "packages"
acd_packages_install test || exit $?

say "building"
sh deploy/build.sh "$PWD/$build" daemon/acdd clients/cli/acdctl clients/bench/acdbench \
        bench/core_step bench/peers/peerload bench/peers/bound

say "measuring"
exec "$python" bench/peers/run.py "$build" "$@"
