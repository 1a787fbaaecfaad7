#!/usr/bin/env bash
# How long pg_replica clone takes against the same sequence by hand, by turns in one run, on throw-away servers:
# pg_basebackup -R -C -S -c fast, pg_verifybackup, pg_ctl start, wait until the primary shows the standby streaming.
# usage: bench/clone.sh [--scale N] [--rounds N]     pgbench scale of the database with data (100), turns of each (3)
set -euo pipefail
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

scale=100 rounds=3
while [ $# -gt 0 ]; do
    case $1 in
        --scale) scale=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        *) echo "usage: bench/clone.sh [--scale N] [--rounds N]" >&2; exit 2 ;;
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
build_extension && build_tool -DPG_REPLICA_TESTS=OFF >/dev/null && install_extension
cp "$root_directory/build/pg_replica" "$work/" && chmod a+rx "$work/pg_replica"

data=$work/tmp/primary standby=$work/tmp/standby log=$work/tmp/log
primary_port=$(free_port) standby_port=$(free_port)
run() { as_server_user env PGPASSFILE="$work/tmp/passfile" PATH="$bindir:$PATH" "$@"; }
sql() { run psql -XAtqw -h 127.0.0.1 -p "$1" -U postgres -d postgres -c "$2"; }

start_primary() {
    run tee "$work/tmp/password" >/dev/null <<<"admin"
    run initdb -A scram-sha-256 -U postgres --pwfile="$work/tmp/password" -D "$data" >/dev/null
    run tee -a "$data/postgresql.conf" >/dev/null <<<"port = $primary_port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work/tmp'
max_wal_size = 4GB"
    run tee "$work/tmp/passfile" >/dev/null <<<"*:*:*:postgres:admin
*:*:*:bench:bench"
    run chmod 600 "$work/tmp/passfile"
    run pg_ctl -s -w -D "$data" -l "$log" start
    sql "$primary_port" "CREATE EXTENSION pg_replica"
    sql "$primary_port" "CREATE ROLE bench LOGIN REPLICATION PASSWORD 'bench'"
}

by_hand() {
    run pg_basebackup -R -C -S bench -c fast -w -D "$standby" -d "host=127.0.0.1 port=$primary_port user=bench application_name=bench"
    run pg_verifybackup -q "$standby"
    run pg_ctl -s -w -D "$standby" -l "$log" -o "-p $standby_port" start
    until [ "$(sql "$primary_port" "SELECT state FROM pg_stat_replication WHERE application_name = 'bench'")" = streaming ]; do sleep 0.05; done
}

by_tool() {
    run "$work/pg_replica" clone -w -h 127.0.0.1 -p "$primary_port" -U postgres -d postgres -D "$standby" --port "$standby_port" \
        --name bench --replication-user bench --bindir "$bindir" >"$work/clone.log" 2>&1 || { cat "$work/clone.log"; return 1; }
}

# measure FUNCTION: sets milliseconds
measure() {
    local start
    sql "$primary_port" CHECKPOINT
    sync
    start=${EPOCHREALTIME/./}
    "$1"
    milliseconds=$(((${EPOCHREALTIME/./} - start) / 1000))
    run pg_ctl -s -w -m fast -D "$standby" stop
    rm -rf "$standby"
    for _ in $(seq 50); do
        [ "$(sql "$primary_port" "SELECT count(*) FROM pg_replication_slots WHERE active")" = 0 ] && break
        sleep 0.1
    done
    sql "$primary_port" "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots" >/dev/null
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

compare() {
    local title=$1 hand=() tool=() milliseconds round
    for round in $(seq "$rounds"); do
        if ((round % 2)); then
            measure by_hand; hand+=("$milliseconds")
            measure by_tool; tool+=("$milliseconds")
        else
            measure by_tool; tool+=("$milliseconds")
            measure by_hand; hand+=("$milliseconds")
        fi
    done
    awk -v title="$title" -v hand="$(median "${hand[@]}")" -v tool="$(median "${tool[@]}")" -v all="by hand ${hand[*]}, pg_replica ${tool[*]}" \
        'BEGIN { printf "%-24s %8.2f s %9.2f s %8.2f x %+8.2f s   (ms: %s)\n", title, hand / 1000, tool / 1000, tool / hand, (tool - hand) / 1000, all }'
}

start_primary
say "server: $("$pg_config" --version); medians of $rounds turns; both with pg_verifybackup and fast checkpoint"
printf '%-24s %10s %11s %10s %10s\n' database 'by hand' pg_replica ratio difference
compare "empty"
run pgbench -q -i -s "$scale" -h 127.0.0.1 -p "$primary_port" -U postgres postgres >/dev/null 2>&1
compare "pgbench scale $scale, $(sql "$primary_port" "SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database")"
