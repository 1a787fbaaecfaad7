#!/usr/bin/env bash
# How long pg_replica rejoin takes, run at once after the promotion: two throw-away servers lose and take back their roles. The old
# primary is stopped cleanly in one turn and crashes in the two next, with a commit that its standby never got: that is taken back by
# comparing (--way refresh) and by pg_rewind. Prints each turn and the medians of the kinds.
# usage: bench/rejoin.sh [--rounds N]     turns (21)
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rounds=21
read_options "[--rounds N]" "$@"
prepare tool

declare -A port=([one]=$(free_port) [two]=$(free_port))
tool() { run "$work/pg_replica" "$@" --bindir "$bindir" >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }; }
on() { sql "${port[$1]}" "$2"; }

new_primary "$work/tmp/one" "${port[one]}" "wal_log_hints = on
wal_keep_size = 256MB"
tool clone --prepare -w -h 127.0.0.1 -p "${port[one]}" -U postgres -D "$work/tmp/two" --port "${port[two]}" --name two
on one 'CREATE TABLE t (n int)'

# What the standby never gets is written while its receiver is frozen, and dies in its socket.
crash() {
    local receiver
    receiver=$(on "$2" 'SELECT pid FROM pg_stat_wal_receiver')
    run kill -STOP "$receiver"
    on "$1" 'INSERT INTO t VALUES (1)'
    run pg_ctl -s -w -m immediate -D "$work/tmp/$1" stop
    run kill -TERM "$receiver"
    run kill -CONT "$receiver"
}

# Clean stops, and crashes by turns taken back by comparing and by pg_rewind.
kinds=(clean compared rewound)
declare -A options=([clean]='' [compared]='--way refresh' [rewound]='--way rewind') times=([clean]='' [compared]='' [rewound]='')
old=one new=two
for round in $(seq "$rounds"); do
    kind=${kinds[(round - 1) % 3]}
    if [ "$kind" = clean ]; then run pg_ctl -s -w -m fast -D "$work/tmp/$old" stop; else crash "$old" "$new"; fi
    run "$work/pg_replica" promote -w -D "$work/tmp/$new" -U postgres --force >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    start=${EPOCHREALTIME/./}
    # shellcheck disable=SC2086 # options are words
    tool rejoin --prepare -w -h 127.0.0.1 -p "${port[$new]}" -U postgres -D "$work/tmp/$old" --name "$old" ${options[$kind]}
    took=$(milliseconds_since "$start")
    say "turn $round, $kind: $took ms ($(grep -oE 'can follow as it is|has to be rewound|has to be fetched' "$work/out" | head -n 1))"
    times[$kind]+=$took$'\n'
    if [ "$old" = one ]; then old=two new=one; else old=one new=two; fi
done
for kind in "${kinds[@]}"; do say "median, $kind: $(printf '%s' "${times[$kind]}" | median) ms"; done
say "$rounds of $rounds rejoined"
