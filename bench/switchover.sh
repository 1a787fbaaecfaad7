#!/usr/bin/env bash
# How long pg_replica switchover takes, and how long no server takes writes, as a client sees it that commits about every 5 ms:
# two throw-away servers change roles to and fro. Prints each turn and the medians.
# usage: bench/switchover.sh [--rounds N]     turns (10)
set -euo pipefail
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

rounds=10
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift ;;
        *) echo "usage: bench/switchover.sh [--rounds N]" >&2; exit 2 ;;
    esac
    shift
done

writer=''
# A process group: the client runs below a shell and has a psql below itself.
end_writer() {
    [ -n "$writer" ] || return 0
    kill -TERM -- "-$writer" 2>/dev/null || true
    wait "$writer" 2>/dev/null || true
    writer=''
}
cleanup() {
    trap - EXIT INT TERM HUP
    end_writer
    stop_servers
    rm -rf "$work"
}
make_work_folder
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# shellcheck disable=SC2119
install_build_packages
build_extension && build_tool -DPG_REPLICA_TESTS=OFF >/dev/null && install_extension
cp "$root_directory/build/pg_replica" "$root_directory/regress/t/CommitWriter.pm" "$work/" && chmod -R a+rX "$work/pg_replica" "$work/CommitWriter.pm"

one=$work/tmp/one two=$work/tmp/two passfile=$work/tmp/passfile acknowledged=$work/tmp/acknowledged
one_port=$(free_port) two_port=$(free_port)
run() { as_server_user env PGPASSFILE="$passfile" PATH="$bindir:$PATH" "$@"; }
sql() { run psql -XAtqw -h 127.0.0.1 -p "$1" -U postgres -d postgres -c "$2"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

run tee "$work/tmp/password" >/dev/null <<<"admin"
run initdb --no-sync -A scram-sha-256 -U postgres --pwfile="$work/tmp/password" -D "$one" >/dev/null
run tee "$passfile" >/dev/null <<<"*:*:*:postgres:admin"
run chmod 600 "$passfile"
run tee -a "$one/postgresql.conf" >/dev/null <<<"port = $one_port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work/tmp'"
run pg_ctl -s -w -D "$one" -l "$work/tmp/log" start
run "$work/pg_replica" clone --prepare -w -h 127.0.0.1 -p "$one_port" -U postgres -D "$two" --port "$two_port" --name two --bindir "$bindir" >/dev/null 2>&1
sql "$one_port" 'CREATE TABLE numbers (n bigint PRIMARY KEY)'
set -m
run perl -I "$work" -MCommitWriter -e 'CommitWriter::run(@ARGV)' \
    "host=127.0.0.1,127.0.0.1 port=$one_port,$two_port user=postgres dbname=postgres target_session_attrs=read-write" "$acknowledged" 2>/dev/null &
writer=$!
set +m
sleep 1

# The longest time between two acknowledgements from that line of the file on, in ms.
longest_gap() { run tail -n "+$1" "$acknowledged" | awk 'NR > 1 && $2 - last > gap { gap = $2 - last } { last = $2 } END { printf "%d\n", gap * 1000 }'; }

totals='' gaps='' from=$one to_port=$two_port name=one
for round in $(seq "$rounds"); do
    lines=$(run wc -l <"$acknowledged") start=$(date +%s%N)
    run "$work/pg_replica" switchover --prepare -w -h 127.0.0.1 -p "$to_port" -U postgres -D "$from" --name "$name" --bindir "$bindir" >"$work/out" 2>&1 ||
        { cat "$work/out"; exit 1; }
    total=$((($(date +%s%N) - start) / 1000000))
    sleep 1
    gap=$(longest_gap "$lines")
    say "turn $round: $total ms in all, $gap ms without an acknowledged write ($(grep -o 'No server took writes for [0-9]* ms' "$work/out"))"
    totals+=$total$'\n' gaps+=$gap$'\n'
    if [ "$name" = one ]; then from=$two to_port=$one_port name=two; else from=$one to_port=$two_port name=one; fi
done
end_writer
last_port=$([ "$name" = one ] && echo "$one_port" || echo "$two_port")
lost=$(comm -13 <(sql "$last_port" 'SELECT n FROM numbers' | sort) <(run cut -d ' ' -f 1 "$acknowledged" | sort) | wc -l)
say "median: $(printf '%s' "$totals" | median) ms in all, $(printf '%s' "$gaps" | median) ms without writes; $lost of $(run wc -l <"$acknowledged") acknowledged commits are missing"
[ "$lost" = 0 ]
