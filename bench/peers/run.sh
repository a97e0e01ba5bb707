#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# acdd beside beanstalkd, gearmand and Redis, from a fresh clone: sh bench/peers/run.sh
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither), builds into build-bench/ as deploy/build.sh does (some minutes),
# measures for some twenty-five minutes, prints the tables and writes bench/RESULTS.md.
# Wants a machine with two cores and nothing else to do. How to read it:
# bench/README.md.
#
#   --quick                      one short round: does it work?
#   --section NAME,...           only these; RESULTS.md is not written then
#   --rounds N, --seconds S      more or less of it
#   --out FILE                   instead of bench/RESULTS.md

set -eu

cd "$(dirname "$0")/../.."
. bench/support/run.sh

build='build-bench'

bench_help bench/peers/run.sh "$@"
bench_build "$PWD/$build" daemon/acdd clients/cli/acdctl clients/bench/acdbench bench/core_step \
        bench/peers/peerload bench/peers/bound
bench_python bench/peers/run.py "$build" "$@"
