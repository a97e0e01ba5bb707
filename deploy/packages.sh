# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What acdd needs to be built, run and tested: the one list, and how to get it.
#
# POSIX sh, to be sourced. A group is "run" (build the daemon and its tools and
# try them) or "test" (all of that, and the tests).
#
#   acd_packages_missing GROUP   prints the packages that are not there, by the
#                                names of this system's package manager
#   acd_packages_install GROUP   installs them with apt where it may; otherwise
#                                prints the one line to run and returns 3
#
# Whether something is there is asked of the thing itself (a command, a library
# known to pkg-config, a Python module), not of the package manager: what was
# built by hand counts, and a system we do not know can still be ready.

# The group "may" is what a build does without, and is better with: installed where that
# is possible, never missed.
#
# A row: group, probe, and the name for apt, dnf, apk, pacman.
acd_packages_table() {
        cat <<'TABLE'
run    cmd:cc             gcc                 gcc                 gcc                 gcc
run    header:stdio.h     libc6-dev           glibc-devel         musl-dev            glibc
run    cmd:ar             binutils            binutils            binutils            binutils
run    cmd:meson          meson               meson               meson               meson
run    cmd:ninja          ninja-build         ninja-build         samurai             ninja
run    cmd:pkg-config     pkg-config          pkgconf-pkg-config  pkgconf             pkgconf
run    cmd:python3        python3             python3             python3             python
run    cmd:protoc         protobuf-compiler   protobuf-compiler   protoc              protobuf
run    cmd:protoc-c       protobuf-c-compiler protobuf-c-compiler protobuf-c-compiler protobuf-c
run    pc:libprotobuf-c   libprotobuf-c-dev   protobuf-c-devel    protobuf-c-dev      protobuf-c
run    pc:libevent_core   libevent-dev        libevent-devel      libevent-dev        libevent
run    pc:hiredis         libhiredis-dev      hiredis-devel       hiredis-dev         hiredis
run    pc:openssl         libssl-dev          openssl-devel       openssl-dev         openssl
run    pc:yaml-0.1        libyaml-dev         libyaml-devel       yaml-dev            libyaml
run    pc:jansson         libjansson-dev      jansson-devel       jansson-dev         jansson
run    pc:ncursesw        libncurses-dev      ncurses-devel       ncurses-dev         ncurses
run    pc:zlib            zlib1g-dev          zlib-devel          zlib-dev            zlib
run    cmd:redis-server   redis-server        redis               redis               redis
may    pc:liburing       liburing-dev        liburing-devel      liburing-dev        liburing
test   pc:criterion       libcriterion-dev    criterion-devel     criterion-dev       criterion
test   py:google.protobuf python3-protobuf    python3-protobuf    py3-protobuf       python-protobuf
test   py:redis           python3-redis       python3-redis       py3-redis          python-redis
test   py:yaml            python3-yaml        python3-pyyaml      py3-yaml            python-yaml
test   cmd:node           nodejs              nodejs              nodejs             nodejs
test   cmd:npm            npm                 nodejs-npm          npm                npm
test   cmd:beanstalkd     beanstalkd          beanstalkd          beanstalkd          beanstalkd
test   sbin:gearmand      gearman-job-server  gearmand            gearmand            gearmand
test   cmd:openssl       openssl             openssl             openssl             openssl
test   cmd:valgrind       valgrind            valgrind            valgrind            valgrind
test   pc:glib-2.0        libglib2.0-dev      glib2-devel         glib-dev            glib2
TABLE
}

# The package manager of this system, or "none".
acd_packages_manager() {
        for manager in apt-get dnf apk pacman; do
                if command -v "$manager" >/dev/null 2>&1; then
                        echo "$manager"
                        return
                fi
        done
        echo none
}

# Is the thing there? The Python asked is the one that meson is told to use.
acd_packages_probe() {
        case "$1" in
        cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
        # A daemon's home, which is not in everybody's PATH.
        sbin:*) PATH="$PATH:/usr/sbin" command -v "${1#sbin:}" >/dev/null 2>&1 ;;
        pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
        header:*) echo "#include <${1#header:}>" | cc -E -x c - >/dev/null 2>&1 ;;
        py:*)
                if [ -x /usr/bin/python3 ]; then
                        /usr/bin/python3 -c "import ${1#py:}" 2>/dev/null
                else
                        python3 -c "import ${1#py:}" 2>/dev/null
                fi
                ;;
        esac
}

acd_packages_missing() {
        wanted=$1
        common=${2-run}
        manager=$(acd_packages_manager)
        missing=
        while read -r group probe apt dnf apk pacman; do
                [ "$group" = "$common" ] || [ "$group" = "$wanted" ] || continue
                acd_packages_probe "$probe" </dev/null && continue
                case "$manager" in
                dnf) name=$dnf ;;
                apk) name=$apk ;;
                pacman) name=$pacman ;;
                *) name=$apt ;;
                esac
                # One package may be what several probes ask for.
                case " $missing " in
                *" $name "*) ;;
                *) missing="$missing $name" ;;
                esac
        done <<LIST
$(acd_packages_table)
LIST
        echo "${missing# }"
}

# The one line that installs the packages given.
acd_packages_line() {
        case "$(acd_packages_manager)" in
        dnf) echo "dnf install -y $*" ;;
        apk) echo "apk add $*" ;;
        pacman) echo "pacman -S --needed $*" ;;
        *) echo "apt-get install -y $*" ;;
        esac
}

# Run a command as root, if that is possible without asking in vain.
acd_packages_as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
                sudo -n "$@"
        elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
                sudo "$@"
        else
                return 1
        fi
}

acd_packages_apt() {
        acd_packages_as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y --no-install-recommends "$@" >&2
}

# What the group "may" lacks: one by one, since a system may not know a name.
acd_packages_install_may() {
        [ "$(acd_packages_manager)" = apt-get ] || return 0
        for package in $(acd_packages_missing may may); do
                echo "installing, if it can be: $package" >&2
                acd_packages_apt "$package" || :
        done
}

acd_packages_install() {
        acd_packages_install_needed "$1" && acd_packages_install_may
}

acd_packages_install_needed() {
        missing=$(acd_packages_missing "$1")
        [ -n "$missing" ] || return 0
        if [ "$(acd_packages_manager)" = apt-get ] && acd_packages_as_root true; then
                echo "installing: $missing" >&2
                # Package lists may be absent or old: refresh them only if need be.
                # shellcheck disable=SC2086 # a list of words
                acd_packages_apt $missing || {
                        acd_packages_as_root apt-get update >&2 && acd_packages_apt $missing
                } || :
                missing=$(acd_packages_missing "$1")
                [ -n "$missing" ] || return 0
        fi
        echo "Packages are missing. As root:" >&2
        # shellcheck disable=SC2086 # a list of words
        acd_packages_line $missing
        return 3
}
