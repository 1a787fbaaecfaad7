#!/usr/bin/env bash
# What it costs to bring a data directory up to date: pg_replica refresh against pg_basebackup, raw and with server-lz4 (15 and later),
# and against pg_rewind where the directory went its own way; over a link of 1 Gbit/s and over one that is not shaped, by turns in one
# run, on throw-away servers. The link is a veth pair into a network namespace, shaped with tc tbf, which needs root; without,
# everything goes over the loopback, and bytes sent are not counted. Both sides read from memory, and autovacuum is off.
#   sent     bytes that left the primary's end of the link, all protocols included
#   cpu      user and system time of the primary's processes that ended during the run: its backends and walsenders
#   memory   largest RssAnon seen of one of the primary's processes, looked at every 20 ms
# Then what a read-write pgbench on the primary loses while refreshes follow each other without a pause, with 1 and 2 connections,
# against none, by turns. The refreshing host's work has the last core to itself there, primary and pgbench have the others.
# usage: bench/refresh.sh [--scale N] [--jobs N] [--load SECONDS] [--only load] [--memory] [--realtime]
#   pgbench scale (70: about 1 GB), connections of refresh (2), length of each run of pgbench (20; 0: none); only that part;
#   data directories in /dev/shm instead of /tmp; the servers and programs run as SCHED_RR while they are measured, which keeps
#   other work of the machine out of the figures
set -euo pipefail
# shellcheck source=bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scale=70 jobs=2 load=20 only='' memory=false realtime=false
read_options "[--scale N] [--jobs N] [--load SECONDS] [--only load] [--memory] [--realtime]" "$@"
core_of_its_own=()
prepare tool
if $memory; then make_place; fi

# transactions COUNT
transactions() { run pgbench -n -c 4 -t "$(($1 / 4))" -h 127.0.0.1 -p "$primary_port" -U postgres postgres >/dev/null 2>&1; }
ask() { sql "$primary_port" "$1"; }

# --- what is measured -----------------------------------------------------------------------------------------------

raw() { there pg_basebackup -w -c fast -X stream -h "$address" -p "$primary_port" -U postgres -D "$target"; }
lz4() { there pg_basebackup -w -c fast -X stream --compress=server-lz4 -h "$address" -p "$primary_port" -U postgres -D "$target"; }
refresh() {
    there "${core_of_its_own[@]}" "$work/pg_replica" refresh -w -h "$address" -p "$primary_port" -U postgres -d postgres -D "$target" --port "$standby_port" \
        --name bench --slot bench --replication-user bench --bindir "$bindir" --no-start -j "$jobs"
}
rewind() {
    there pg_rewind -D "$target" --source-server "host=$address port=$primary_port user=postgres dbname=postgres"
}

# User and system time of the children that ended, in seconds.
cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print ($14 + $15) / hz }' "/proc/$(head -n 1 "$data/postmaster.pid")/stat"; }
backends_are_gone() { [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender')")" = 1 ]; }

# watch_memory FILE: the largest RssAnon, in kB, until it is ended
watch_memory() {
    perl -e 'my ($postmaster, $file) = @ARGV; my $most = 0; my $end = 0; $SIG{TERM} = sub { $end = 1 };
        until ($end) {
            open(my $c, "<", "/proc/$postmaster/task/$postmaster/children") or last;
            for my $pid (split / /, <$c> // "") {
                open(my $s, "<", "/proc/$pid/status") or next;
                while (<$s>) { $most = $1 if /^RssAnon:\s+(\d+)/ && $1 > $most }
            }
            select undef, undef, undef, 0.02;
        }
        open(my $o, ">", $file); print $o $most' "$(head -n 1 "$data/postmaster.pid")" "$1" &
    watcher=$!
}

# schedule other | rr: this shell, what it starts, and the primary
schedule() {
    local postmaster pid
    $realtime || return 0
    postmaster=$(head -n 1 "$data/postmaster.pid")
    for pid in $$ "$postmaster" $(cat "/proc/$postmaster/task/$postmaster/children"); do
        chrt "--$1" -p "$([ "$1" = rr ] && echo 1 || echo 0)" "$pid" 2>/dev/null || true # it may have ended
    done
}

# measure CASE LINK FUNCTION [DIRECTORY TO BEGIN WITH]
measure() {
    local begin cpu sent seconds share
    rm -rf "$target"
    [ -z "${4:-}" ] || run cp -a "$4" "$target"
    ask CHECKPOINT
    until backends_are_gone; do sleep 0.05; done
    sync
    schedule rr
    watch_memory "$work/memory"
    cpu=$(cpu_seconds) sent=$(sent_bytes) begin=${EPOCHREALTIME/./}
    "$3" >"$work/output" 2>&1 || { cat "$work/output"; return 1; }
    ! grep -q "no rewind required" "$work/output" || die "pg_rewind found nothing to do"
    seconds=$(awk -v from="$begin" -v to="${EPOCHREALTIME/./}" 'BEGIN { printf "%.2f", (to - from) / 1e6 }')
    sent=$(($(sent_bytes) - sent))
    schedule other
    until backends_are_gone; do sleep 0.05; done
    kill "$watcher"
    wait "$watcher" || true
    share=$(sed -n 's/.*came here (\([0-9.]* %\)).*/\1/p' "$work/output")
    awk -v title="$1" -v link="$2" -v what="$3" -v seconds="$seconds" -v sent="$sent" -v from="$cpu" -v to="$(cpu_seconds)" \
        -v memory="$(cat "$work/memory")" -v share="$share" 'BEGIN { printf "%-10s %-9s %-8s %8s %9s %9.2f %9.1f   %s\n", title, link, what,
            seconds, sent ? sprintf("%.1f", sent / 1e6) : "-", to - from, memory / 1024, share }'
    ask "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots" >/dev/null
}

# compare CASE BEGIN FUNCTION...: all of them, on each link; BEGIN is what refresh and rewind start from
compare() {
    local title=$1 begin=$2 link way
    shift 2
    for link in "${links[@]}"; do
        [ "$link" != 1gbit ] || shape
        for way; do
            case $way in
                refresh | rewind) measure "$title" "$link" "$way" "$begin" ;;
                *) measure "$title" "$link" "$way" ;;
            esac
        done
        [ "$link" != 1gbit ] || unshape
    done
}

# A standby that was promoted; both sides go on.
make_diverged() {
    target=$diverged raw >/dev/null
    run touch "$diverged/standby.signal"
    there pg_ctl -s -w -D "$diverged" -l "$log.diverged" -o "-p $standby_port" start
    there pg_ctl -s -w -D "$diverged" promote
    there pgbench -n -c 4 -t "$((15 * scale / 4))" -h 127.0.0.1 -p "$standby_port" -U postgres postgres >/dev/null 2>&1
    there pg_ctl -s -w -m fast -D "$diverged" stop
    transactions $((15 * scale))
}

# throughput JOBS: a line; pgbench for so long, with refreshes one after the other, none for 0
throughput() {
    local pgbench count=0
    run env PGOPTIONS="-c synchronous_commit=on" pgbench -n -c 4 -T "$load" -h 127.0.0.1 -p "$primary_port" -U postgres postgres >"$work/tps" 2>&1 &
    pgbench=$!
    while [ "$1" -gt 0 ] && kill -0 "$pgbench" 2>/dev/null; do
        jobs=$1 refresh >"$work/output" 2>&1 || { cat "$work/output"; return 1; }
        count=$((count + 1))
    done
    wait "$pgbench" || { cat "$work/tps"; return 1; }
    awk -v jobs="$1" -v count="$count" '/^latency average/ { latency = $4 } /^tps/ { tps = $3 }
        END { printf "%-14s %9d %9.0f %12.1f\n", jobs ? "refresh -j " jobs : "none", count, tps, latency }' "$work/tps"
}

# As two hosts would share the work: the primary and this shell, and so pgbench, leave the last core to refresh.
share_cores() {
    local postmaster pid last=$(($(nproc) - 1))
    [ "$last" -gt 0 ] || return 0
    postmaster=$(head -n 1 "$data/postmaster.pid")
    for pid in $$ "$postmaster" $(cat "/proc/$postmaster/task/$postmaster/children"); do
        taskset -cp "0-$((last - 1))" "$pid" >/dev/null
    done
    core_of_its_own=(taskset -c "$last")
}

# As many connections of refresh, by turns.
measure_load() {
    local many
    share_cores
    say "throughput of pgbench -c 4 (TPC-B, synchronous_commit on) for $load s each, over a link that is not shaped"
    printf '%-14s %9s %9s %12s\n' meanwhile refreshes tps "latency ms"
    rm -rf "$target"
    raw >/dev/null
    refresh >"$work/output" 2>&1 || { cat "$work/output"; return 1; }
    for _ in 1 2 3; do
        for many in 0 1 2; do throughput "$many"; done
    done
}

# --- the run --------------------------------------------------------------------------------------------------------

folder=${place:-$work/tmp}
data=$folder/primary target=$folder/target former=$folder/former diverged=$folder/diverged
primary_port=$(free_port) standby_port=$(free_port)
links=(1gbit unshaped)
make_link || { links=(loopback); say "no shaped link: network namespaces or tc are not permitted here"; }
copies=(raw)
[ "$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -lt 15 ] || copies+=(lz4)

new_primary "$data" "$primary_port" "max_wal_size = 8GB
checkpoint_timeout = 1h
wal_keep_size = 4GB
synchronous_commit = off
autovacuum = off" --data-checksums
ask "CREATE EXTENSION pg_replica"
new_replication_role "$primary_port"
run pgbench -q -i -s "$scale" -h 127.0.0.1 -p "$primary_port" -U postgres postgres >/dev/null 2>&1
ask "VACUUM (FREEZE, ANALYZE)"
say "$(date -u +%F), load average $(cut -d' ' -f1 /proc/loadavg), server: $("$pg_config" --version); pgbench scale $scale, $(ask "SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database"); refresh -j $jobs; $(nproc) cores, $(if $realtime; then echo "SCHED_RR, "; fi)$(df -PT "$folder" | awk 'NR == 2 { print $2 }')"
if [ "$only" = load ]; then
    measure_load
    exit
fi
printf '%-10s %-9s %-8s %8s %9s %9s %9s   %s\n' case link what seconds "sent MB" "cpu s" "memory MB" changed
target=$former raw
compare unchanged "$former" refresh "${copies[@]}"
transactions $((15 * scale))
compare little "$former" refresh "${copies[@]}"
transactions $((140 * scale))
compare more "$former" refresh "${copies[@]}"
transactions $((1000 * scale))
compare most "$former" refresh "${copies[@]}"
rm -rf "$former"
make_diverged
compare diverged "$diverged" refresh rewind "${copies[@]}"
rm -rf "$diverged"
[ "$load" = 0 ] || measure_load
