#!/usr/bin/env bash
# How long a query of the view replica.standbys takes against the bare one of pg_stat_replication, by turns in one session,
# with many standbys. The standbys are sessions of bench/standbys.pl: to the primary they are standbys that stream, each with
# a slot, and they need no cluster each.
# usage: bench/status.sh [--standbys N] [--rounds N]     sessions that stream (64), turns of each query (30)
set -euo pipefail
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

standbys=64 rounds=30
while [ $# -gt 0 ]; do
    case $1 in
        --standbys) standbys=$2; shift ;;
        --rounds) rounds=$2; shift ;;
        *) echo "usage: bench/status.sh [--standbys N] [--rounds N]" >&2; exit 2 ;;
    esac
    shift
done

standby_sessions=''
cleanup() {
    trap - EXIT INT TERM HUP
    [ -z "$standby_sessions" ] || kill "$standby_sessions" 2>/dev/null || true
    stop_servers
    rm -rf "$work"
}
make_work_folder
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2119
install_build_packages
build_extension && install_extension
cp "$root_directory/bench/standbys.pl" "$work/"

data=$work/tmp/primary
run() { as_server_user env PGHOST="$work/tmp" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PATH="$bindir:$PATH" "$@"; }
sql() { run psql -XAtqw -c "$1"; }

start_primary() {
    run initdb --no-sync -A trust -U postgres -D "$data" >/dev/null
    run tee -a "$data/postgresql.conf" >/dev/null <<<"listen_addresses = ''
unix_socket_directories = '$work/tmp'
max_wal_senders = $((standbys + 5))
max_replication_slots = $((standbys + 5))
max_connections = 50"
    run pg_ctl -s -w -D "$data" -l "$work/tmp/log" start
    sql "CREATE EXTENSION pg_replica"
}

start_standbys() {
    sql "SELECT count(*) FROM generate_series(1, $standbys) n, replica.create_slot('standby' || n)" >/dev/null
    run perl "$work/standbys.pl" "$work/tmp" 5432 postgres "$standbys" "$(sql "SELECT pg_current_wal_lsn()")" &
    standby_sessions=$!
    until [ "$(sql "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL")" = "$standbys" ]; do
        kill -0 "$standby_sessions" && sleep 0.2
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
    run psql -XAtqw -f "$work/tmp/turns.sql" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' |
        awk 'NR > 10 { ours = (int((NR - 1) / 2) % 2 == 0) == (NR % 2 == 0); print (ours ? "ours" : "bare"), $1 }' >"$work/tmp/times"
}
median() { awk -v which="$1" '$1 == which { print $2 }' "$work/tmp/times" | sort -n | awk '{ t[NR] = $1 } END { print (t[int((NR + 1) / 2)] + t[int((NR + 2) / 2)]) / 2 }'; }

bare="SELECT * FROM pg_stat_replication;"
ours="SELECT * FROM replica.standbys;"
start_primary
start_standbys
measure
say "server: $("$pg_config" --version); $(sql "SELECT count(*) FROM replica.standbys") standbys; $rounds turns in one session"
fastest() { awk -v which="$1" '$1 == which { print $2 }' "$work/tmp/times" | sort -n | head -n 1; }
report() {
    awk -v title="$1" -v bare="$2" -v ours="$3" \
        'BEGIN { printf "%-10s pg_stat_replication %6.2f ms   replica.standbys %6.2f ms   %.2f x\n", title, bare, ours, ours / bare }'
}
report median "$(median bare)" "$(median ours)"
report fastest "$(fastest bare)" "$(fastest ours)" # the machine is busy with other things in other turns
