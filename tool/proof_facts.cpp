#include "tool/proof_facts.hpp"

#include <fmt/format.h>

namespace proof {

namespace {

// One row always; the walsender that holds the slot comes first, then a streaming one.
constexpr const char* sender_query =
    "SELECT r.pid, r.state, s.slot_name, s.active_pid, s.wal_status,"
    " (SELECT string_agg(DISTINCT o.application_name, ', ') FROM pg_stat_replication AS o"
    "   WHERE o.application_name <> wanted.name) AS others"
    " FROM (SELECT $1::text AS name, $2::text AS slot) AS wanted"
    " LEFT JOIN pg_replication_slots AS s ON s.slot_name = wanted.slot AND s.slot_type = 'physical'"
    " LEFT JOIN pg_stat_replication AS r ON r.application_name = wanted.name"
    " ORDER BY (r.pid = s.active_pid) DESC NULLS LAST, (r.state = 'streaming') DESC NULLS LAST LIMIT 1";

// pg_settings leaves out what the login may not see, so these two are NULL then; primary_conninfo itself may
// hold a password and is not asked for.
constexpr const char* receiver_query =
    "SELECT pg_is_in_recovery() AS in_recovery, w.pid, w.status, w.slot_name, w.sender_host, w.sender_port,"
    " w.received_tli, pg_last_wal_replay_lsn() AS replay_lsn,"
    " CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,"
    " (SELECT setting FROM pg_settings WHERE name = 'recovery_min_apply_delay') AS apply_delay,"
    " (SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo') AS has_conninfo"
    " FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS w ON true";

std::string shown(const world::Value& value) { return value ? *value : "unknown"; }

bool is_true(const world::Value& value) { return value == "t"; }

std::string describe(const Pair& pair, const Sender& sender) {
    std::string text = sender.pid
                           ? fmt::format("The primary has a walsender for \"{}\" (state {}).",
                                         pair.application_name, shown(sender.state))
                           : fmt::format("The primary has no walsender for \"{}\"{}.", pair.application_name,
                                         sender.others.empty() ? "" : ", but for " + sender.others);
    if (!pair.slot.empty())
        text += fmt::format(" Its slot \"{}\" is {}.", pair.slot,
                            sender.slot_pid ? "in use by process " + *sender.slot_pid : "not in use");
    return text;
}

std::string describe(const Receiver& receiver) {
    const std::string replayed = fmt::format("replay stands at {}", shown(receiver.replay_lsn));
    if (!receiver.pid) return fmt::format("The standby has no WAL receiver; {}.", replayed);
    return fmt::format("The standby's WAL receiver is {} (sender {}:{}, slot {}); {}.",
                       shown(receiver.status), shown(receiver.host), shown(receiver.port),
                       receiver.slot.value_or("none"), replayed);
}

std::string advice(const Pair& pair, const Sender& sender, const Receiver& receiver) {
    if (receiver.has_conninfo == "f")
        return "Set primary_conninfo on the standby (ALTER SYSTEM, then SELECT pg_reload_conf()).";
    if (!receiver.pid)
        return "The standby's log says why it cannot connect: look for a wrong or rotated password (its "
               "passfile), a "
               "missing line for replication in the primary's pg_hba.conf, or an address that does not "
               "answer.";
    if (receiver.status == "waiting")
        return "The standby has WAL that the primary has not, or waits for a timeline: see the standby's "
               "log; rewind "
               "it with pg_rewind or clone it again.";
    if (!sender.pid)
        return fmt::format(
            "Check that {}:{} is this primary, and that application_name={} stands in the standby's "
            "primary_conninfo.",
            shown(receiver.host), shown(receiver.port), pair.application_name);
    if (receiver.slot.value_or("") != pair.slot)
        return fmt::format(
            "Set primary_slot_name = '{}' on the standby (ALTER SYSTEM, then SELECT pg_reload_conf()).",
            pair.slot);
    if (receiver.apply_delay && receiver.apply_delay != "0")
        return fmt::format(
            "The standby holds WAL back by recovery_min_apply_delay ({} ms): wait longer with --timeout.",
            *receiver.apply_delay);
    return "See the standby's log; a long query there can hold replay back (pg_stat_activity on the "
           "standby).";
}

core::Error no_rights(const std::string& view, const std::string& server) {
    return {core::sqlstate::insufficient_privilege,
            fmt::format("the login may not see {} on the {}", view, server),
            "Its columns are shown to members of pg_read_all_stats and pg_monitor only.",
            "Run GRANT pg_monitor TO the role on the primary; the standby receives the grant too."};
}

core::Error bad_slot(const std::string& message, const std::string& detail, const std::string& hint) {
    return {core::sqlstate::object_not_in_prerequisite_state, message, detail, hint};
}

std::optional<core::Error> hopeless_slot(const Pair& pair, const Sender& sender) {
    if (pair.slot.empty()) return std::nullopt;
    if (!sender.slot_name)
        return bad_slot(
            fmt::format("the replication slot \"{}\" does not exist on the primary", pair.slot),
            "The standby cannot stream without the slot that its primary_slot_name names.",
            fmt::format("Run on the primary: SELECT * FROM replica.create_slot('{}'); when the primary has "
                        "removed WAL that the standby needs, clone it again.",
                        pair.slot));
    if (sender.wal_status == "lost")
        return bad_slot(
            fmt::format("the replication slot \"{}\" is lost", pair.slot),
            "The primary has removed WAL that the standby needs (max_slot_wal_keep_size).",
            fmt::format("Run on the primary: SELECT * FROM replica.drop_slot('{}'); then clone the standby "
                        "again.",
                        pair.slot));
    return std::nullopt;
}

}  // namespace

Sender ask_primary(const Pair& pair) {
    const world::Rows rows = pair.primary.query(sender_query, {pair.application_name, pair.slot});
    return {rows.at(0, "pid"),        rows.at(0, "state"),      rows.at(0, "slot_name"),
            rows.at(0, "active_pid"), rows.at(0, "wal_status"), rows.at(0, "others").value_or("")};
}

Receiver ask_standby(const Pair& pair) {
    const world::Rows rows = pair.standby.query(receiver_query);
    return {is_true(rows.at(0, "in_recovery")),
            rows.at(0, "pid"),
            rows.at(0, "status"),
            rows.at(0, "slot_name"),
            rows.at(0, "sender_host"),
            rows.at(0, "sender_port"),
            rows.at(0, "received_tli"),
            rows.at(0, "replay_lsn"),
            rows.at(0, "paused"),
            rows.at(0, "apply_delay"),
            rows.at(0, "has_conninfo")};
}

bool agreed(const Pair& pair, const Sender& sender, const Receiver& receiver) {
    if (sender.state != "streaming" || receiver.status != "streaming") return false;
    if (receiver.slot.value_or("") != pair.slot) return false;
    return pair.slot.empty() || sender.slot_pid == sender.pid;
}

std::optional<core::Error> hopeless(const Pair& pair, const Sender& sender, const Receiver& receiver) {
    if (!receiver.in_recovery)
        return core::Error(core::sqlstate::object_not_in_prerequisite_state,
                           "the standby is no longer a standby",
                           "It is not in recovery: it was promoted, or started without standby.signal.",
                           "Stop it before anything writes to it, and clone it again.");
    if (sender.pid && !sender.state) return no_rights("pg_stat_replication", "primary");
    if (receiver.pid && !receiver.status) return no_rights("pg_stat_wal_receiver", "standby");
    if (is_true(receiver.paused))
        return core::Error(
            core::sqlstate::object_not_in_prerequisite_state, "replay is paused on the standby",
            fmt::format("Replay stands at {}. It was paused by pg_wal_replay_pause(), or because a "
                        "setting of the standby is lower than the primary's.",
                        shown(receiver.replay_lsn)),
            "Run on the standby: SELECT pg_wal_replay_resume(); if its log names a setting, raise that "
            "and restart the standby.");
    return hopeless_slot(pair, sender);
}

core::Error in_vain(const Pair& pair, const std::string& what, const Sender& sender,
                    const Receiver& receiver) {
    return {core::sqlstate::query_canceled, what, describe(pair, sender) + "\n" + describe(receiver),
            advice(pair, sender, receiver)};
}

}  // namespace proof
