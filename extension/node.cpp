#include "extension/node.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/health.hpp"
#include "core/lsn.hpp"
#include "core/synchronous.hpp"
#include "extension/pending.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/control_file.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace node {

namespace {

// The columns of the statement below: first those that are shown, in the view's order, then those only judged.
enum Column {
    role, server_version, system_identifier, timeline, current_lsn, receive_lsn, replay_lsn, replay_pause_state,
    receiver_status, sender_host, sender_port, receiver_slot_name, last_message_time, cluster_name, pending_restart,
    archive_mode, last_archived_time, last_failed_time, failed_count,
    shown,
    receiver_pid = shown, message_age, receiver_timeout, replay_wait, archiver_failing, synchronous_standby_names,
    synchronous_streaming, senders_hidden, primary_conninfo, restore_command, own_port, listen_addresses,
    socket_directories, last_replay_time
};

// The control file's timeline is that of the last checkpoint, stale after a promotion: WAL tells the true one.
constexpr const char* statement = R"(
    SELECT CASE WHEN n.in_recovery THEN 'standby' ELSE 'primary' END, current_setting('server_version'),
           (SELECT system_identifier FROM pg_control_system()),
           CASE WHEN n.in_recovery
                THEN coalesce(w.received_tli, (SELECT timeline_id FROM pg_control_checkpoint()))
                ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
           CASE WHEN NOT n.in_recovery THEN pg_current_wal_lsn() END,
           CASE WHEN n.in_recovery THEN pg_last_wal_receive_lsn() END,
           CASE WHEN n.in_recovery THEN pg_last_wal_replay_lsn() END,
           CASE WHEN n.in_recovery THEN {pause_state} END,
           w.status, w.sender_host, w.sender_port, w.slot_name, w.last_msg_receipt_time,
           current_setting('cluster_name'), '{{}}', current_setting('archive_mode'),
           a.last_archived_time, a.last_failed_time, a.failed_count,
           w.pid, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time),
           extract(epoch FROM current_setting('wal_receiver_timeout')::interval),
           (SELECT max(p.wait_event) FROM pg_stat_get_activity(NULL) p
             WHERE p.backend_type = 'startup'
               AND (p.wait_event LIKE 'RecoveryConflict%' OR p.wait_event_type IN ('Lock', 'BufferPin'))),
           a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
               AND current_setting('archive_mode') IN ('always', CASE WHEN n.in_recovery THEN 'always' ELSE 'on' END),
           current_setting('synchronous_standby_names'), s.streaming, s.hidden,
           CASE WHEN n.sees_all THEN current_setting('primary_conninfo') END,
           CASE WHEN n.sees_all THEN current_setting('restore_command') END,
           current_setting('port'), current_setting('listen_addresses'),
           CASE WHEN n.sees_all THEN current_setting('unix_socket_directories') END,
           CASE WHEN n.in_recovery THEN pg_last_xact_replay_timestamp() END
      FROM (SELECT pg_is_in_recovery() AS in_recovery, pg_has_role('pg_read_all_settings', 'USAGE') AS sees_all OFFSET 0) n
      LEFT JOIN pg_stat_get_wal_receiver() w ON w.pid IS NOT NULL
      CROSS JOIN pg_stat_get_archiver() a
      CROSS JOIN (SELECT count(*) FILTER (WHERE sync_priority > 0 AND state IN ('streaming', 'stopping')
                                                AND flush_lsn IS NOT NULL) AS streaming,
                         count(*) FILTER (WHERE state IS NULL) AS hidden
                    FROM pg_stat_get_wal_senders()) s)";

// What a standby knows of its readers. Replay waits for locks of relations only, and for nobody's but those that are held
// (pg_blocking_pids() does not know the startup process); a snapshot in the way is the oldest one; who pins a buffer cannot
// be seen.
constexpr const char* readers = R"(
    SELECT coalesce((SELECT min(h.pid) FROM pg_stat_get_activity(NULL) a
                       JOIN pg_lock_status() w ON w.pid = a.pid AND NOT w.granted
                       JOIN pg_lock_status() h ON (h.locktype, h.database, h.relation) = (w.locktype, w.database, w.relation)
                                                  AND h.granted AND h.pid <> w.pid
                      WHERE a.backend_type = 'startup' AND $1 <> ''),
                    (SELECT a.pid FROM pg_stat_get_activity(NULL) a
                      WHERE a.backend_type = 'client backend' AND a.backend_xmin IS NOT NULL
                            AND $1 LIKE 'RecoveryConflictSnapshot%'
                      ORDER BY age(a.backend_xmin) DESC, a.xact_start, a.pid LIMIT 1)),
           (SELECT sum(pg_stat_get_db_conflict_all(oid))::bigint FROM pg_database))";

pg::Row find_readers(const pg::Row& node) {
    if (node[role] != "standby") return {std::nullopt, std::nullopt};
    return pg::query(readers, {node[replay_wait].value_or("")}).rows.at(0);
}

pg::Row find() {
    const char* pause_state = pg::version::has_replay_pause_state()
                                  ? "pg_get_wal_replay_pause_state()"
                                  : "CASE WHEN pg_is_wal_replay_paused() THEN 'paused' ELSE 'not paused' END";
    pg::Row row = pg::query(fmt::format(statement, fmt::arg("pause_state", pause_state))).rows.at(0);
    row[pending_restart] = fmt::format("{{{}}}", fmt::join(pending::restarts(), ","));
    return row;
}

std::optional<std::int64_t> unreplayed_bytes(const pg::Row& row) {
    const auto received = lsn::parse(row[receive_lsn].value_or(""));
    const auto replayed = lsn::parse(row[replay_lsn].value_or(""));
    if (!received || !replayed) return std::nullopt;
    return *received > *replayed ? static_cast<std::int64_t>(*received - *replayed) : 0;
}

// "{a,b}": setting names hold nothing that an array literal would quote
std::vector<std::string> items(const std::string& array) {
    std::vector<std::string> result;
    for (std::size_t from = 1; from + 1 < array.size();) {
        const std::size_t to = std::min(array.find(',', from), array.size() - 1);
        result.push_back(array.substr(from, to - from));
        from = to + 1;
    }
    return result;
}

void add_receiver(const pg::Row& row, health::Node& facts) {
    facts.sees_receiver = !row[receiver_pid] || row[receiver_status];
    facts.receiver_status = row[receiver_status];
    // without the right to see them, these settings are NULL
    facts.file_based = row[primary_conninfo] == "" && row[restore_command].value_or("") != "";
    facts.follows_itself = health::follows_itself(
        row[sender_host].value_or(""), static_cast<int>(pg::whole(row[sender_port]).value_or(0)),
        static_cast<int>(pg::whole(row[own_port]).value_or(0)), row[listen_addresses].value_or(""),
        row[socket_directories].value_or(""));
    facts.message_age = pg::real(row[message_age]);
    facts.receiver_timeout = pg::real(row[receiver_timeout]).value_or(0);
}

std::vector<health::Limit> limits_of(const health::Node& facts) {
    if (facts.pause_state != "paused") return {};
    std::vector<health::Limit> limits;
    for (const auto& [name, on_primary] : pg::limits_of_primary())
        limits.push_back({std::string(name), pg::whole(pg::value_in_effect(name.data())).value_or(on_primary), on_primary});
    return limits;
}

health::Node facts_of(const pg::Row& row) {
    health::Node facts;
    facts.in_recovery = row[role] == "standby";
    add_receiver(row, facts);
    facts.pause_state = row[replay_pause_state].value_or("not paused");
    facts.limits = limits_of(facts);
    facts.replay_wait = row[replay_wait].value_or("");
    facts.unreplayed_bytes = unreplayed_bytes(row);
    facts.pending_restart = items(row[pending_restart].value_or(""));
    facts.archiver_failing = row[archiver_failing] == "t";
    if (const auto names = synchronous::parse(row[synchronous_standby_names].value_or("")))
        facts.synchronous_required = names->required;
    if (row[senders_hidden] == "0") facts.synchronous_streaming = pg::whole(row[synchronous_streaming]).value_or(0);
    return facts;
}

}  // namespace

pg::Rows describe(const pg::Arguments& arguments) {
    health::Thresholds thresholds;
    thresholds.warning_bytes = arguments.integer(0).value_or(thresholds.warning_bytes);
    thresholds.critical_bytes = arguments.integer(1).value_or(thresholds.critical_bytes);
    const pg::Row found = find();
    const pg::Row reading = find_readers(found);
    health::Node facts = facts_of(found);
    facts.replay_blocker = reading[0].value_or("");
    const health::Verdict verdict = health::judge(facts, thresholds);
    pg::Row row(found.begin(), found.begin() + shown);
    row.push_back(std::string(health::text(verdict.level)));
    row.push_back(verdict.reason);
    row.push_back(facts.unreplayed_bytes ? pg::Value(std::to_string(*facts.unreplayed_bytes)) : std::nullopt);
    row.push_back(found[last_replay_time]);
    row.push_back(found[replay_wait]);
    row.push_back(found[synchronous_standby_names]);
    row.insert(row.end(), reading.begin(), reading.end());
    return {{row}};
}

}  // namespace node
