#!/usr/bin/env bash
# How long pg_replica rejoin takes, run at once after the promotion: two throw-away servers lose and take back their roles. The old
# primary is stopped cleanly in one turn and crashes in the next, with a commit that its standby never got, so that it has to be
# rewound. Prints each turn and the medians of both kinds.
# usage: bench/rejoin.sh [--rounds N]     turns (20)
set -euo pipefail
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

rounds=20
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift ;;
        *) echo "usage: bench/rejoin.sh [--rounds N]" >&2; exit 2 ;;
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

passfile=$work/tmp/passfile
declare -A port=([one]=$(free_port) [two]=$(free_port))
run() { as_server_user env PGPASSFILE="$passfile" PATH="$bindir:$PATH" "$@"; }
sql() { run psql -XAtqw -h 127.0.0.1 -p "${port[$1]}" -U postgres -d postgres -c "$2"; }
tool() { run "$work/pg_replica" "$@" --bindir "$bindir" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

run tee "$work/tmp/password" >/dev/null <<<"admin"
run initdb --no-sync -A scram-sha-256 -U postgres --pwfile="$work/tmp/password" -D "$work/tmp/one" >/dev/null
run tee "$passfile" >/dev/null <<<"*:*:*:postgres:admin"
run chmod 600 "$passfile"
run tee -a "$work/tmp/one/postgresql.conf" >/dev/null <<<"port = ${port[one]}
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work/tmp'
wal_log_hints = on
wal_keep_size = 256MB"
run pg_ctl -s -w -D "$work/tmp/one" -l "$work/tmp/log" start
tool clone --prepare -w -h 127.0.0.1 -p "${port[one]}" -U postgres -D "$work/tmp/two" --port "${port[two]}" --name two
sql one 'CREATE TABLE t (n int)'

# What the standby never gets is written while its receiver is frozen, and dies in its socket.
crash() {
    local receiver
    receiver=$(sql "$2" 'SELECT pid FROM pg_stat_wal_receiver')
    run kill -STOP "$receiver"
    sql "$1" 'INSERT INTO t VALUES (1)'
    run pg_ctl -s -w -m immediate -D "$work/tmp/$1" stop
    run kill -TERM "$receiver"
    run kill -CONT "$receiver"
}

old=one new=two
declare -A times=([clean]='' [crashed]='')
for round in $(seq "$rounds"); do
    if [ $((round % 2)) = 1 ]; then kind=clean; else kind=crashed; fi
    if [ "$kind" = clean ]; then run pg_ctl -s -w -m fast -D "$work/tmp/$old" stop; else crash "$old" "$new"; fi
    run "$work/pg_replica" promote -w -D "$work/tmp/$new" -U postgres --force >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    start=$(date +%s%N)
    tool rejoin --prepare -w -h 127.0.0.1 -p "${port[$new]}" -U postgres -D "$work/tmp/$old" --name "$old"
    took=$((($(date +%s%N) - start) / 1000000))
    say "turn $round, $kind: $took ms ($(grep -oE 'can follow as it is|has to be rewound' "$work/out" | head -n 1))"
    times[$kind]+=$took$'\n'
    if [ "$old" = one ]; then old=two new=one; else old=one new=two; fi
done
say "median: $(printf '%s' "${times[clean]}" | median) ms after a clean stop, $(printf '%s' "${times[crashed]}" | median) ms after a crash with pg_rewind; $rounds of $rounds rejoined"
