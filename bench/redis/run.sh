#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What publishing to Redis does, and what it costs, from a fresh clone:
# sh bench/redis/run.sh
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither), builds into build-bench/ as deploy/build.sh does (some minutes),
# measures for some twelve minutes, prints the tables and writes bench/REDIS.md. Wants a
# machine with two cores and nothing else to do. How to read it: bench/README.md.
#
#   --quick                      one short round: does it work?
#   --section NAME,...           only these; REDIS.md is not written then
#   --rounds N, --seconds S      more or less of it
#   --minutes M                  the runs with Redis in trouble, and only they, for so long each:
#                                21 pairs a kind of load, so rather with --rounds and --section
#   --out FILE                   instead of bench/REDIS.md

set -eu

cd "$(dirname "$0")/../.."
. bench/support/run.sh

build='build-bench'

bench_help bench/redis/run.sh "$@"
bench_build "$PWD/$build" daemon/acdd clients/cli/acdctl clients/bench/acdbench \
        bench/redis/stream_delay bench/redis/stream_same
bench_python bench/redis/run.py "$build" "$@"
