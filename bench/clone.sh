#!/usr/bin/env bash
# How long pg_replica clone takes against the same sequence by hand, by turns in one run, on throw-away servers: pg_basebackup -R -C -S
# -c fast, pg_verifybackup, pg_ctl start, wait until the primary shows the standby streaming. First over the loopback, and with --link
# over a link of 1 Gbit/s as well, which needs root; both with everything that they do by default, pg_basebackup's lack of compression
# included.
# usage: bench/clone.sh [--scale N] [--rounds N] [--link] [--memory]
#   pgbench scale of the database with data (100), turns of each (3); data directories in /dev/shm instead of /tmp
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scale=100 rounds=3 link=false memory=false
read_options "[--scale N] [--rounds N] [--link] [--memory]" "$@"
prepare tool
if $memory; then make_place; fi

data=${place:-$work/tmp}/primary standby=${place:-$work/tmp}/standby
primary_port=$(free_port) standby_port=$(free_port)

by_hand() {
    there pg_basebackup -R -C -S bench -c fast -w -D "$standby" -d "host=$address port=$primary_port user=bench application_name=bench"
    there pg_verifybackup -q "$standby"
    there pg_ctl -s -w -D "$standby" -l "$log" -o "-p $standby_port" start
    until [ "$(sql "$primary_port" "SELECT state FROM pg_stat_replication WHERE application_name = 'bench'")" = streaming ]; do sleep 0.05; done
}

by_tool() {
    there "$work/pg_replica" clone -w -h "$address" -p "$primary_port" -U postgres -d postgres -D "$standby" --port "$standby_port" \
        --name bench --replication-user bench --bindir "$bindir" >"$work/clone.log" 2>&1 || { cat "$work/clone.log"; return 1; }
}

# measure FUNCTION: sets milliseconds
measure() {
    local start
    sql "$primary_port" CHECKPOINT
    sync
    start=${EPOCHREALTIME/./}
    "$1"
    milliseconds=$(milliseconds_since "$start")
    there pg_ctl -s -w -m fast -D "$standby" stop
    rm -rf "$standby"
    for _ in $(seq 50); do
        [ "$(sql "$primary_port" "SELECT count(*) FROM pg_replication_slots WHERE active")" = 0 ] && break
        sleep 0.1
    done
    sql "$primary_port" "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots" >/dev/null
}

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
    awk -v title="$title" -v hand="$(printf '%s\n' "${hand[@]}" | median)" -v tool="$(printf '%s\n' "${tool[@]}" | median)" -v all="by hand ${hand[*]}, pg_replica ${tool[*]}" \
        'BEGIN { printf "%-36s %8.2f s %9.2f s %8.2f x %+8.2f s   (ms: %s)\n", title, hand / 1000, tool / 1000, tool / hand, (tool - hand) / 1000, all }'
}

new_primary "$data" "$primary_port" "max_wal_size = 4GB"
sql "$primary_port" "CREATE EXTENSION pg_replica"
new_replication_role "$primary_port"
say "server: $("$pg_config" --version); medians of $rounds turns; both with pg_verifybackup and fast checkpoint"
printf '%-36s %10s %11s %10s %10s\n' database 'by hand' pg_replica ratio difference
compare "empty"
run pgbench -q -i -s "$scale" -h 127.0.0.1 -p "$primary_port" -U postgres postgres >/dev/null 2>&1
size=$(sql "$primary_port" "SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database")
compare "pgbench scale $scale, $size"
$link || exit 0
make_link || die "no shaped link: network namespaces or tc are not permitted here"
shape
compare "the same over 1 Gbit/s"
say "$(grep -m 1 -i compress "$work/clone.log")"
