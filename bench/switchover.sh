#!/usr/bin/env bash
# How long pg_replica switchover takes, and how long no server takes writes, as a client sees it that commits about every 5 ms:
# two throw-away servers change roles to and fro. Prints each turn and the medians.
# usage: bench/switchover.sh [--rounds N]     turns (10)
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rounds=10
read_options "[--rounds N]" "$@"
prepare tool
cp "$root_directory/regress/t/CommitWriter.pm" "$work/" && chmod a+r "$work/CommitWriter.pm"

one=$work/tmp/one two=$work/tmp/two acknowledged=$work/tmp/acknowledged
one_port=$(free_port) two_port=$(free_port)
new_primary "$one" "$one_port" ""
run "$work/pg_replica" clone --prepare -w -h 127.0.0.1 -p "$one_port" -U postgres -D "$two" --port "$two_port" --name two --bindir "$bindir" >/dev/null 2>&1
sql "$one_port" 'CREATE TABLE numbers (n bigint PRIMARY KEY)'
in_background run perl -I "$work" -MCommitWriter -e 'CommitWriter::run(@ARGV)' \
    "host=127.0.0.1,127.0.0.1 port=$one_port,$two_port user=postgres dbname=postgres target_session_attrs=read-write" "$acknowledged"
sleep 1

# The longest time between two acknowledgements from that line of the file on, in ms.
longest_gap() { run tail -n "+$1" "$acknowledged" | awk 'NR > 1 && $2 - last > gap { gap = $2 - last } { last = $2 } END { printf "%d\n", gap * 1000 }'; }

totals='' gaps='' from=$one to_port=$two_port name=one
for round in $(seq "$rounds"); do
    lines=$(run wc -l <"$acknowledged") start=${EPOCHREALTIME/./}
    run "$work/pg_replica" switchover --prepare -w -h 127.0.0.1 -p "$to_port" -U postgres -D "$from" --name "$name" --bindir "$bindir" >"$work/out" 2>&1 ||
        { cat "$work/out"; exit 1; }
    total=$(milliseconds_since "$start")
    sleep 1
    gap=$(longest_gap "$lines")
    say "turn $round: $total ms in all, $gap ms without an acknowledged write ($(grep -o 'No server took writes for [0-9]* ms' "$work/out"))"
    totals+=$total$'\n' gaps+=$gap$'\n'
    if [ "$name" = one ]; then from=$two to_port=$one_port name=two; else from=$one to_port=$two_port name=one; fi
done
end_background
last_port=$([ "$name" = one ] && echo "$one_port" || echo "$two_port")
lost=$(comm -13 <(sql "$last_port" 'SELECT n FROM numbers' | sort) <(run cut -d ' ' -f 1 "$acknowledged" | sort) | wc -l)
say "median: $(printf '%s' "$totals" | median) ms in all, $(printf '%s' "$gaps" | median) ms without writes; $lost of $(run wc -l <"$acknowledged") acknowledged commits are missing"
[ "$lost" = 0 ]
