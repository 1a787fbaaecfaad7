#!/usr/bin/env bash
# How long pg_replica status takes as a whole process against psql with the bare view, by turns.
# usage: bench/status_command.sh [--rounds N]     turns of each (30)
set -euo pipefail
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

rounds=30
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift ;;
        *) echo "usage: bench/status_command.sh [--rounds N]" >&2; exit 2 ;;
    esac
    shift
done

cleanup() {
    trap - EXIT INT TERM HUP
    stop_servers
    rm -rf "$work"
}
make_work_folder
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2119
install_build_packages
# shellcheck disable=SC2119
build_extension && build_tool && install_extension
cp "$build_directory/pg_replica" "$work/" && chmod a+rx "$work/pg_replica"

data=$work/tmp/primary
run() { as_server_user env PGHOST="$work/tmp" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH="$bindir:$PATH" "$@"; }
run initdb --no-sync -A trust -U postgres -D "$data" >/dev/null
run tee -a "$data/postgresql.conf" >/dev/null <<<"listen_addresses = ''
unix_socket_directories = '$work/tmp'"
run pg_ctl -s -w -D "$data" -l "$work/tmp/log" start
run psql -XAtqw -c "CREATE EXTENSION pg_replica"

# The turns, one shell for all, so that nothing but the program is measured; milliseconds, one a line.
run bash -s "$work/pg_replica" "$rounds" "$work/tmp" <<'TURNS'
set -euo pipefail
tool=$1 rounds=$2 folder=$3
measure() {
    local name=$1 begin end
    shift
    begin=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    echo $(((end - begin) / 1000)) >>"$folder/times_$name"
}
for ((i = 0; i < rounds + 2; i++)); do
    [ "$i" != 2 ] || rm -f "$folder"/times_* # two turns warm the caches
    measure psql psql -Xw -c 'SELECT * FROM pg_stat_replication'
    measure status "$tool" status -w
    measure json "$tool" status -w --format json
done
TURNS

median() { sort -n "$work/tmp/times_$1" | awk '{ v[NR] = $1 } END { printf "%.2f", (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2000 }'; }
printf '%d turns, median in ms: psql %s, pg_replica status %s, with --format json %s\n' \
    "$rounds" "$(median psql)" "$(median status)" "$(median json)"
