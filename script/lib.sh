# What script/test and script/demo share; they source it. root_directory is the top of the source tree.
# shellcheck shell=bash

root_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_config=${PG_CONFIG:-}
# nothing of the caller may lead to another server; PG_REPLICA_SOAK and the like are for the tests
for variable in ${!PG@}; do [[ $variable = PG_REPLICA_* ]] || unset "$variable"; done
export LC_ALL=C TZ=UTC

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: error: %s\n' "${0##*/}" "$1" >&2
    [ -z "${2:-}" ] || printf 'HINT:   %s\n' "$2" >&2
    exit 1
}

# --- rights ---------------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || die "this needs root: $*" "Run ${0##*/} as root, or install sudo."
        sudo "$@"
    fi
}

# The user that servers run as: never root.
server_user() {
    if [ "$(id -u)" != 0 ]; then id -un; elif id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Runs a command as that user, with a home folder inside the work folder.
server_environment=()
as_server_user() {
    if [ "$(id -u)" != 0 ]; then
        env HOME="$work/home" "${server_environment[@]}" "$@"
    else
        setpriv --reuid "$(server_user)" --regid "$(id -gn "$(server_user)")" --init-groups \
            env HOME="$work/home" USER="$(server_user)" LOGNAME="$(server_user)" "${server_environment[@]}" "$@"
    fi
}

# --- the work folder: everything that a run writes outside of the build -----------------------------------------------

# Not below TMPDIR: the user of the servers must be able to enter it, and the path of a socket is short.
make_work_folder() {
    work=$(mktemp -d /tmp/pg_replica.XXXXXX)
    chmod 755 "$work"
    export TMPDIR=$work/tmp
    mkdir "$work/tmp" "$work/home"
    cd "$work" || exit # the user of the servers may be unable to enter the caller's folder
    give_work_folder
}

# To the user of the servers; again after the packages, which bring the user postgres.
give_work_folder() { [ "$(id -u)" != 0 ] || chown "$(server_user):" "$work/tmp" "$work/home"; }

# The servers whose data directory lies in the work folder, or in a folder that is named.
stop_servers() { stop_servers_in "$work"; }
stop_servers_in() {
    local file pid
    find "$1" -name postmaster.pid 2>/dev/null | while read -r file; do
        pid=$(head -n 1 "$file" 2>/dev/null) || continue
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ] || continue
        kill -QUIT "$pid" 2>/dev/null || continue
        for _ in $(seq 50); do ! kill -0 "$pid" 2>/dev/null || sleep 0.1; done
    done
}

# A TCP port that no server listens on.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

# --- packages -------------------------------------------------------------------------------------------------------

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

install_packages() {
    local package missing=()
    for package; do is_installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing the missing packages: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 --no-install-recommends install "${missing[@]}" \
        </dev/null >"$work/apt.log" 2>&1 && return 0
    say "updating the lists of packages"
    as_root apt-get -qq update </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 --no-install-recommends install "${missing[@]}" \
        </dev/null >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; die "cannot install: ${missing[*]}"; }
}

# The major version of the distribution's own PostgreSQL.
distribution_major() {
    apt-cache show --no-all-versions postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\)+.*/\1/p' | sed -n 1p || true
}

# Sets pg_config: the one of PG_CONFIG, or else the newest server below /usr/lib/postgresql, installed when there is none.
find_postgresql() {
    local major
    [ -z "$pg_config" ] || [ -x "$(command -v "$pg_config")" ] || die "PG_CONFIG=$pg_config is not a program"
    if [ -n "$pg_config" ]; then
        major=$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    else
        major=$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | cut -d/ -f5 | sort -n | tail -n 1) || true
    fi
    if [ -z "$major" ]; then
        [ -n "$(distribution_major)" ] || as_root apt-get -qq update </dev/null
        major=$(distribution_major)
        [ -n "$major" ] || die "the package lists of this system name no postgresql" "Set PG_CONFIG to a server's pg_config."
    fi
    : "${pg_config:=/usr/lib/postgresql/$major/bin/pg_config}"
    if ! [ -x "$("$pg_config" --bindir 2>/dev/null)/postgres" ]; then install_packages "postgresql-$major"; fi
    # Debian ships PGXS with the server, but not the headers
    if ! [ -f "$("$pg_config" --includedir-server 2>/dev/null)/postgres.h" ]; then install_packages "postgresql-server-dev-$major"; fi
    give_work_folder
    # shellcheck disable=SC2034 # for the scripts that source this file
    bindir=$("$pg_config" --bindir)
    # shellcheck disable=SC2034
    pgxs_directory=$(dirname "$(dirname "$(dirname "$("$pg_config" --pgxs)")")")
}

# install_build_packages [MORE...]
# shellcheck disable=SC2120
install_build_packages() {
    install_packages g++ make cmake pkg-config libpq-dev libfmt-dev libcli11-dev libxxhash-dev liblz4-dev nlohmann-json3-dev "$@"
    # libpq.pc of 19 requires libcurl, which its package does not bring
    pkg-config --exists libpq || install_packages libcurl4-openssl-dev
    find_postgresql
}

# --- build ----------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2034 # for script/test
server_program=()
strict_flags="-Wall -Wextra -Werror"
build_directory=$root_directory/build
tool_flags=()

# From here on all is built with AddressSanitizer and UndefinedBehaviorSanitizer and runs under them. The server itself is
# as it is: their runtime is loaded into it, and reports go to files in the work folder.
use_sanitizers() {
    local flags="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
    strict_flags="-Wall -Wextra -O1 $flags"
    build_directory=$root_directory/build/sanitize
    tool_flags=(-DPG_REPLICA_STRICT=OFF "-DCMAKE_CXX_FLAGS=-O1 $flags" -DCMAKE_BUILD_TYPE=Debug)
    local options="log_path=$work/tmp/report:abort_on_error=1:halt_on_error=1:print_stacktrace=1"
    # the server frees nothing at its end, and a longjmp over its frames is its way; the C++ library must be there before
    # the runtime looks for it
    # The first malloc sets the runtime up, which asks gettext for the text of an error. A library's constructor that calls
    # bindtextdomain would be this first one, and gettext's lock is lost then: the server would wait for it for ever.
    printf '#include <stdlib.h>\n__attribute__((constructor)) static void first(void) { free(malloc(1)); }\n' |
        gcc -x c -shared -fPIC -O0 -Wl,-z,initfirst -o "$work/first.so" -
    chmod a+r "$work/first.so"
    server_environment=("LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so):$(gcc -print-file-name=libstdc++.so):$work/first.so"
        "ASAN_OPTIONS=detect_leaks=0:$options" "UBSAN_OPTIONS=$options")
}
# What the sanitizers found, as a list of files.
sanitizer_reports() {
    find "$work/tmp" -maxdepth 1 -name 'report.*' -size +0
    # UndefinedBehaviorSanitizer beside the other one writes to standard error, which is the server's log
    grep -rl --include='*log*' ': runtime error: ' "$work/tmp" || true
}

# From here on start_server's server runs under valgrind. Memory of the server's contexts is opaque to it: the server is
# built without valgrind's annotations, so that what it sees of palloc are the blocks that the contexts are made of.
use_valgrind() {
    local options=(-q --vgdb=no --num-callers=60 --error-limit=no --fullpath-after= --leak-check=full
        --show-leak-kinds=definite --errors-for-leak-kinds=definite --suppressions="$work/valgrind.supp"
        --log-file="$work/tmp/valgrind.%p")
    cp "$root_directory/script/valgrind.supp" "$work/" && chmod a+r "$work/valgrind.supp"
    printf '#!/bin/sh\nexec valgrind %s "%s/postgres" "$@"\n' "${options[*]}" "$bindir" >"$work/postgres_under_valgrind"
    chmod 755 "$work/postgres_under_valgrind"
    # shellcheck disable=SC2034
    server_program=(-p "$work/postgres_under_valgrind" -t 300)
}
# valgrind_reports OURS: how many there are with a frame of the extension (1) or without one (0), and each of the former
valgrind_reports() {
    find "$work/tmp" -maxdepth 1 -name 'valgrind.*' -exec cat {} + | sed 's/^==[0-9]*== \?//' |
        awk -v RS= -v ours="$1" -v place="/(core|extension)/[a-z_/]+[.][ch]pp:|pg_replica[.]so" '
            /\n +(at|by) 0x/ && ($0 ~ place) == ours { n++; if (ours) print $0 "\n" } END { print n + 0 }'
}

# Object files of another server version or with other flags are of no use.
build_extension() {
    local stamp=$root_directory/build/extension_built_for wanted
    wanted="$pg_config $("$pg_config" --version) $strict_flags"
    mkdir -p "$root_directory/build"
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] || make -s -C "$root_directory" PG_CONFIG="$pg_config" clean
    make -s -C "$root_directory" PG_CONFIG="$pg_config" STRICT="$strict_flags" -j"$(nproc)"
    printf '%s\n' "$wanted" >"$stamp"
}

install_extension() {
    local run=as_root
    [ -w "$("$pg_config" --pkglibdir)" ] && [ -w "$("$pg_config" --sharedir)/extension" ] && run=
    $run make -s -C "$root_directory" PG_CONFIG="$pg_config" STRICT="$strict_flags" install
}

# build_tool [CMAKE_OPTION...]
build_tool() {
    cmake -S "$root_directory" -B "$build_directory" -DPG_REPLICA_STRICT=ON "${tool_flags[@]}" "$@" >/dev/null
    cmake --build "$build_directory" -j"$(nproc)"
}
