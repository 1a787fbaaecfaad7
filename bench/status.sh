#!/usr/bin/env bash
# How long a query of the view replica.standbys takes against the bare one of pg_stat_replication, by turns in one session,
# with many standbys. The standbys are sessions of bench/standbys.pl: to the primary they are standbys that stream, each with
# a slot, and they need no cluster each.
# usage: bench/status.sh [--standbys N] [--rounds N]     sessions that stream (64), turns of each query (30)
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

standbys=64 rounds=30
read_options "[--standbys N] [--rounds N]" "$@"
prepare "" # the tool is not needed
cp "$root_directory/bench/standbys.pl" "$work/"
query() { run_local psql -XAtqw -c "$1"; }

start_standbys() {
    query "SELECT count(*) FROM generate_series(1, $standbys) n, replica.create_slot('standby' || n)" >/dev/null
    in_background run_local perl "$work/standbys.pl" "$work/tmp" 5432 postgres "$standbys" "$(query "SELECT pg_current_wal_lsn()")"
    until [ "$(query "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL")" = "$standbys" ]; do
        kill -0 "$background" && sleep 0.2
    done
}

# The times of both queries as psql's \timing gives them, after five turns that warm the caches.
measure() {
    local turn
    {
        printf '%s\n' '\pset pager off' '\o /dev/null' '\timing on'
        for turn in $(seq $((rounds + 5))); do
            ((turn % 2)) && printf '%s\n' "$bare" "$ours" || printf '%s\n' "$ours" "$bare"
        done
    } >"$work/tmp/turns.sql"
    run_local psql -XAtqw -f "$work/tmp/turns.sql" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' |
        awk 'NR > 10 { ours = (int((NR - 1) / 2) % 2 == 0) == (NR % 2 == 0); print (ours ? "ours" : "bare"), $1 }' >"$work/tmp/times"
}
times_of() { awk -v which="$1" '$1 == which { print $2 }' "$work/tmp/times"; }

bare="SELECT * FROM pg_stat_replication;"
ours="SELECT * FROM replica.standbys;"
new_local_primary "$work/tmp/primary" "max_wal_senders = $((standbys + 5))
max_replication_slots = $((standbys + 5))
max_connections = 50"
start_standbys
measure
say "server: $("$pg_config" --version); $(query "SELECT count(*) FROM replica.standbys") standbys; $rounds turns in one session"
fastest() { sort -n | head -n 1; }
report() {
    awk -v title="$1" -v bare="$2" -v ours="$3" \
        'BEGIN { printf "%-10s pg_stat_replication %6.2f ms   replica.standbys %6.2f ms   %.2f x\n", title, bare, ours, ours / bare }'
}
report median "$(times_of bare | median)" "$(times_of ours | median)"
report fastest "$(times_of bare | fastest)" "$(times_of ours | fastest)" # the machine is busy with other things in other turns
