#!/usr/bin/env bash
# How long a query of the view replica.standbys takes against the bare one of pg_stat_replication, by turns in one session,
# with many standbys. The standbys are pg_receivewal sessions, each with an application_name and a slot of its own: to the
# primary they stream like a standby, and they need no disk for a cluster each.
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

receivers=()
cleanup() {
    trap - EXIT INT TERM HUP
    [ ${#receivers[@]} = 0 ] || kill "${receivers[@]}" 2>/dev/null || true
    stop_servers
    rm -rf "$work"
}
make_work_folder
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2119
install_build_packages
build_extension && install_extension

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
    local number
    for number in $(seq "$standbys"); do
        sql "SELECT FROM replica.create_slot('standby$number')"
        run mkdir "$work/tmp/wal$number"
        run env PGAPPNAME="standby$number" pg_receivewal -n -w -S "standby$number" -D "$work/tmp/wal$number" >/dev/null 2>&1 &
        receivers+=($!)
    done
    until [ "$(sql "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = "$standbys" ]; do sleep 0.2; done
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
say "server: $("$pg_config" --version); $standbys pg_receivewal sessions as standbys; medians of $rounds turns in one session"
awk -v bare="$(median bare)" -v ours="$(median ours)" -v rows="$(sql "SELECT count(*) FROM replica.standbys")" \
    'BEGIN { printf "pg_stat_replication %.2f ms, replica.standbys %.2f ms (%d rows): %.2f x\n", bare, ours, rows, ours / bare }'
