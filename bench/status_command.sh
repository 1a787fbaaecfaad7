#!/usr/bin/env bash
# How long pg_replica status takes as a whole process against psql with the bare view, by turns.
# usage: bench/status_command.sh [--rounds N]     turns of each (30)
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

rounds=30
read_options "[--rounds N]" "$@"
prepare tool
new_local_primary "$work/tmp/primary" ""

# The turns, one shell for all, so that nothing but the program is measured; milliseconds, one a line.
run_local bash -s "$work/pg_replica" "$rounds" "$work/tmp" <<'TURNS'
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

median_of() { awk '{ print $1 / 1000 }' "$work/tmp/times_$1" | median; }
printf '%d turns, median in ms: psql %.2f, pg_replica status %.2f, with --format json %.2f\n' \
    "$rounds" "$(median_of psql)" "$(median_of status)" "$(median_of json)"
