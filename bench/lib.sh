# What the benches share; they source it. Their servers are throw-away ones in the work folder, and end with them.
# shellcheck shell=bash
# shellcheck source=script/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../script/lib.sh"

# read_options "USAGE" [ARGUMENT...]: sets the variables that are set already from options of their names: rounds from --rounds N;
# one that is false becomes true by its name alone.
read_options() {
    local usage=$1 name
    shift
    while [ $# -gt 0 ]; do
        name=${1#--}
        if [[ $1 != --* ]] || [ -z "${!name+set}" ] || { [ "${!name}" != false ] && [ $# -lt 2 ]; }; then
            say "usage: bench/${0##*/} $usage" >&2
            exit 2
        fi
        if [ "${!name}" = false ]; then
            printf -v "$name" true
        else
            printf -v "$name" %s "$2"
            shift
        fi
        shift
    done
}

# in_background COMMAND...: as a process group of its own, as what runs is below a shell; one at a time
background=''
in_background() {
    set -m
    "$@" 2>/dev/null &
    background=$!
    set +m
}
end_background() {
    [ -n "$background" ] || return 0
    kill -TERM -- "-$background" 2>/dev/null || true
    wait "$background" 2>/dev/null || true
    background=''
}

cleanup() {
    trap - EXIT INT TERM HUP
    end_background
    end_place
    stop_servers
    remove_link
    rm -rf "$work"
}

# prepare [tool]: the work folder, everything built and installed, the tool in the work folder
prepare() {
    make_work_folder
    trap cleanup EXIT
    trap 'exit 130' INT TERM HUP
    # shellcheck disable=SC2119
    install_build_packages
    build_extension && install_extension
    passfile=$work/tmp/passfile log=$work/tmp/log
    [ "${1:-}" = tool ] || return 0
    build_tool -DPG_REPLICA_TESTS=OFF >/dev/null
    cp "$build_directory/pg_replica" "$work/" && chmod a+rx "$work/pg_replica"
}

# As the user of the servers, with the passwords of the servers that new_primary makes.
run() { as_server_user env PGPASSFILE="$passfile" PATH="$bindir:$PATH" "$@"; }
# sql PORT STATEMENT
sql() { run psql -XAtqw -h 127.0.0.1 -p "$1" -U postgres -d postgres -c "$2"; }

# new_primary DIRECTORY PORT "MORE LINES OF postgresql.conf" [OPTION OF initdb...]: a server that asks for passwords. bench is a role
# for replication, which new_replication_role makes.
new_primary() {
    local directory=$1 port=$2 lines=$3
    shift 3
    run tee "$work/tmp/password" >/dev/null <<<"admin"
    run initdb --no-sync -A scram-sha-256 -U postgres --pwfile="$work/tmp/password" "$@" -D "$directory" >/dev/null
    run tee "$passfile" >/dev/null <<<"*:*:*:postgres:admin
*:*:*:bench:bench"
    run chmod 600 "$passfile"
    run tee -a "$directory/postgresql.conf" >/dev/null <<<"port = $port
listen_addresses = '*'
unix_socket_directories = '$work/tmp'
$lines"
    run tee -a "$directory/pg_hba.conf" >/dev/null <<<"host all,replication all 10.213.77.0/30 scram-sha-256"
    run pg_ctl -s -w -D "$directory" -l "$log" start
}
new_replication_role() { sql "$1" "CREATE ROLE bench LOGIN REPLICATION PASSWORD 'bench'"; }

# new_local_primary DIRECTORY "MORE LINES OF postgresql.conf": one that is reached over its socket only, by run_local, with the extension
new_local_primary() {
    run initdb --no-sync -A trust -U postgres -D "$1" >/dev/null
    run tee -a "$1/postgresql.conf" >/dev/null <<<"listen_addresses = ''
unix_socket_directories = '$work/tmp'
$2"
    run pg_ctl -s -w -D "$1" -l "$log" start
    run_local psql -XAtqw -c "CREATE EXTENSION pg_replica"
}
run_local() { run env PGHOST="$work/tmp" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres "$@"; }

# A folder in memory, for data directories, that is gone in the end: sets place.
place=''
make_place() { place=$(mktemp -d /dev/shm/pg_replica.XXXXXX) && chmod 755 "$place" && chown "$(server_user):" "$place"; }
end_place() { [ -z "$place" ] || { stop_servers_in "$place"; rm -rf "$place"; }; }

# The median of the numbers that come in, one a line.
median() { sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }
milliseconds_since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }

# --- a link to another host -------------------------------------------------------------------------------------------
# A veth pair into a network namespace, shaped with tc tbf, which needs root; without, the other host is this one.

space='' near=pgr_near_$$ address=127.0.0.1

# Sets address, by which the other host reaches the primary. False where namespaces or tc are not permitted.
make_link() {
    command -v ip tc >/dev/null || return 1
    ip netns add "pgr_$$" 2>/dev/null || return 1
    space=pgr_$$
    ip link add "$near" type veth peer name far netns "$space" && ip address add 10.213.77.1/30 dev "$near" &&
        ip link set "$near" up && ip -n "$space" address add 10.213.77.2/30 dev far &&
        ip -n "$space" link set far up && ip -n "$space" link set lo up && shape && unshape && address=10.213.77.1
} 2>/dev/null
remove_link() { [ -z "$space" ] || ip netns del "$space" 2>/dev/null || true; }
shape() {
    tc qdisc add dev "$near" root tbf rate 1gbit burst 256kb latency 50ms &&
        ip netns exec "$space" tc qdisc add dev far root tbf rate 1gbit burst 256kb latency 50ms
}
unshape() { tc qdisc del dev "$near" root && ip netns exec "$space" tc qdisc del dev far root; }
sent_bytes() { if [ "$address" = 127.0.0.1 ]; then echo 0; else cat "/sys/class/net/$near/statistics/tx_bytes"; fi; }

# As run, on the other host.
there() {
    if [ "$address" = 127.0.0.1 ]; then run "$@"; return; fi
    ip netns exec "$space" setpriv --reuid "$(server_user)" --regid "$(id -gn "$(server_user)")" --init-groups \
        env HOME="$work/home" PGPASSFILE="$passfile" PATH="$bindir:$PATH" "$@"
}
