# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# From a fresh clone to figures, for the scripts that measure; to be sourced at the root.
#
#   bench_help SCRIPT ARGUMENT...       prints the head of SCRIPT and ends, if --help is asked for
#   bench_build DIRECTORY TARGET...     installs what is missing, builds as deploy/build.sh does
#   bench_python PROGRAM ARGUMENT...    becomes PROGRAM

. deploy/packages.sh

bench_say() {
        printf '== %s\n' "$*"
}

bench_help() {
        script=$1
        shift
        for argument in "$@"; do
                case "$argument" in
                -h | --help)
                        sed -n '3,/^$/s/^# \{0,1\}//p' "$script"
                        exit 0
                        ;;
                esac
        done
}

bench_build() {
        bench_say "packages"
        acd_packages_install test || exit $?
        bench_say "building"
        sh deploy/build.sh "$@"
}

bench_python() {
        python=/usr/bin/python3
        [ -x "$python" ] || python=python3
        bench_say "measuring"
        exec "$python" "$@"
}
