#include "tool/proof.hpp"

#include <fmt/format.h>

#include "core/lsn.hpp"
#include "tool/patience.hpp"
#include "tool/proof_facts.hpp"

namespace proof {

namespace {

// follows_itself: the receiver's sender has this server's own address, and this server has a walsender that
// streams. NULL, so unknown, without the rights to see it.
constexpr const char* identity_query =
    "SELECT s.system_identifier, pg_is_in_recovery() AS in_recovery,"
    " pg_postmaster_start_time() || ' port ' || current_setting('port') AS server,"
    " w.sender_port = current_setting('port')::integer"
    " AND (w.sender_host IN ('localhost', '127.0.0.1', '::1', host(inet_server_addr()))"
    "   OR w.sender_host = ANY (regexp_split_to_array(d.setting, ',\\s*')))"
    " AND EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming') AS follows_itself"
    " FROM pg_control_system() AS s LEFT JOIN pg_stat_wal_receiver AS w ON true"
    " LEFT JOIN pg_settings AS d ON d.name = 'unix_socket_directories'";

core::Error wrong_pair(std::string message, std::string detail, std::string hint) {
    return {core::sqlstate::object_not_in_prerequisite_state, std::move(message), std::move(detail),
            std::move(hint)};
}

void check_one_cluster(const world::Rows& primary, const world::Rows& standby) {
    const auto ours = primary.at(0, "system_identifier"), theirs = standby.at(0, "system_identifier");
    if (ours != theirs)
        throw wrong_pair(
            "the standby belongs to another cluster than the primary",
            fmt::format("The system identifier of the primary is {}, that of the standby {}.",
                        ours.value_or("unknown"), theirs.value_or("unknown")),
            "Check the hosts and ports of both; a standby of this primary is made by pg_replica clone.");
    if (primary.at(0, "server") == standby.at(0, "server"))
        throw wrong_pair("the primary and the standby are the same server",
                         "Both connections lead to one server.", "Check the hosts and ports of both.");
}

void check_roles(const world::Rows& primary, const world::Rows& standby, Upstream upstream) {
    if (upstream == Upstream::primary && primary.at(0, "in_recovery") == "t")
        throw wrong_pair("the server given as the primary is a standby", "It is in recovery.",
                         "Connect to the primary; on the standby, SELECT sender_host, sender_port FROM "
                         "pg_stat_wal_receiver names the server that it follows.");
    if (standby.at(0, "in_recovery") != "t")
        throw wrong_pair(
            "the server given as the standby is not a standby",
            "It is not in recovery: it accepts writes of its own.",
            "If it was meant to be a standby, stop it before anything writes to it, and clone it again.");
}

// A position that the standby has to reach; of a standby that feeds another one, what it has replayed itself.
std::string end_of_wal(world::Session& server) {
    const world::Rows rows = server.query(
        "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS "
        "lsn");
    return rows.at(0, "lsn").value_or("0/0");
}

bool reached(const world::Value& position, const std::string& goal) {
    return lsn::parse(position.value_or("")) >= lsn::parse(goal);
}

std::uint64_t distance(const world::Value& from, const std::string& to) {
    const std::uint64_t start = lsn::parse(from.value_or("")).value_or(0), end = lsn::parse(to).value_or(0);
    return end > start ? end - start : 0;
}

// Looks at both sides until done is true of them.
template <class Done>
Receiver wait_until(world::World& world, const Pair& pair, std::chrono::seconds limit,
                    const std::string& otherwise, Done done) {
    Patience patience(world.processes, limit);
    for (;;) {
        const Sender sender = ask_primary(pair);
        const Receiver receiver = ask_standby(pair);
        if (done(sender, receiver)) return receiver;
        if (const auto error = hopeless(pair, sender, receiver)) throw core::Error(*error);
        patience.watch(receiver.replay_lsn.value_or(""));
        if (patience.over()) throw in_vain(pair, otherwise, sender, receiver);
        patience.wait();
    }
}

// The rights and the database that the marker needs, as the hint of the server's own error.
template <class Call>
world::Rows with_hint(Call call) {
    try {
        return call();
    } catch (core::Error& error) {
        if (error.sqlstate == core::sqlstate::insufficient_privilege)
            error.hint =
                "Run on the primary: GRANT USAGE ON SCHEMA replica, GRANT SELECT, INSERT, UPDATE ON "
                "replica.marker and GRANT EXECUTE ON FUNCTION replica.write_marker, replica.read_marker to "
                "the role.";
        if (error.sqlstate == "3F000" || error.sqlstate == "42883")
            error.hint =
                "Connect to the database in which CREATE EXTENSION pg_replica was run, on both servers.";
        throw;
    }
}

bool has_token(const Pair& pair, const std::string& token) {
    const world::Rows rows = with_hint([&pair] {
        return pair.standby.query("SELECT token FROM replica.read_marker($1)", {pair.application_name});
    });
    return !rows.rows.empty() && rows.at(0, "token") == token;
}

}  // namespace

void same_cluster(const Pair& pair, Upstream upstream) {
    const world::Rows primary = pair.primary.query(identity_query),
                      standby = pair.standby.query(identity_query);
    check_one_cluster(primary, standby);
    check_roles(primary, standby, upstream);
    if (standby.at(0, "follows_itself") == "t")
        throw wrong_pair("the standby follows itself", "Its WAL receiver is connected to its own walsender.",
                         "Set primary_conninfo on the standby to the primary's host and port, then SELECT "
                         "pg_reload_conf().");
}

Streaming streaming(world::World& world, const Pair& pair, std::chrono::seconds limit) {
    const Receiver first = wait_until(
        world, pair, limit, "the standby does not stream from the primary",
        [&pair](const Sender& sender, const Receiver& receiver) { return agreed(pair, sender, receiver); });
    const std::string goal = end_of_wal(pair.primary);
    const Receiver last = wait_until(
        world, pair, limit, fmt::format("the standby has not replayed the primary's WAL up to {}", goal),
        [&goal](const Sender&, const Receiver& receiver) { return reached(receiver.replay_lsn, goal); });
    return {last.timeline.value_or(""), goal, last.replay_lsn.value_or(""), distance(first.replay_lsn, goal)};
}

Marker marker(world::World& world, const Pair& pair, std::chrono::seconds limit) {
    const auto start = std::chrono::steady_clock::now();
    const world::Rows written = with_hint([&pair] {
        return pair.primary.query("SELECT token, lsn FROM replica.write_marker($1)", {pair.application_name});
    });
    const std::string token = written.at(0, "token").value_or(""), lsn = written.at(0, "lsn").value_or("");
    Patience patience(world.processes, limit);
    while (!has_token(pair, token)) {
        const Receiver receiver = ask_standby(pair);
        patience.watch(receiver.replay_lsn.value_or(""));
        if (patience.over() || receiver.paused == "t") {
            const Sender sender = ask_primary(pair);
            if (const auto error = hopeless(pair, sender, receiver)) throw core::Error(*error);
            throw in_vain(pair, "the marker written on the primary did not arrive on the standby", sender,
                          receiver);
        }
        patience.wait();
    }
    const auto elapsed = std::chrono::steady_clock::now() - start;
    return {lsn, std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)};
}

}  // namespace proof
