#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A busy day of a call center on acdd, from a fresh clone: sh deploy/quickstart.sh
#
# Installs what is missing (apt, as root or with sudo; with everything there it
# needs neither), builds into build/, and runs a rehearsal: a redis-server, the
# daemon, a gateway and fourteen agent desktops, each a process of its own, play
# about 1,500 calls hundreds of times faster than real time; at 11:40 of that
# day the daemon is killed with -9 and started again. Everything is stopped at
# the end, or by Ctrl-C. The exit code is 0 when every check is zero, 1 when not,
# 3 when packages are missing and cannot be installed.
#
#   --keep                       leave the daemon running, with a submit to paste
#   --no-redis                   without Redis: events over the subscription only
#   --file F.tsv.gz --date YYMMDD   a real day of call records instead
#   --rate N, --kill-at HH:MM    and all other options of acdrehearse --help

set -eu

cd "$(dirname "$0")/.."
. deploy/packages.sh

build=build

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

# A path is meant from where the caller stands, not from here.
for argument in "$@"; do
        shift
        case "$argument" in
        /* | -*) ;;
        *) [ -f "${OLDPWD:-.}/$argument" ] && argument="$OLDPWD/$argument" ;;
        esac
        set -- "$@" "$argument"
done

say "packages"
acd_packages_install run || exit $?

if [ ! -f "$build/build.ninja" ]; then
        say "configuring $build"
        mkdir -p "$build"
        # A compiler newer than ours may warn where ours does not: no reason to stop here.
        meson setup "$build" -Dtests=false -Dwerror=false >"$build/setup.log" 2>&1 || {
                say "configuring failed; the end of $build/setup.log:"
                tail -n 30 "$build/setup.log"
                exit 1
        }
fi

say "building"
ninja -C "$build" >"$build/build.log" 2>&1 || {
        say "building failed; the end of $build/build.log:"
        tail -n 40 "$build/build.log"
        exit 1
}

say "a busy day"
exec "$build/clients/rehearse/acdrehearse" "$@"
