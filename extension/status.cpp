#include "extension/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/health.hpp"
#include "core/lsn.hpp"
#include "core/name.hpp"
#include "core/synchronous.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace status {

namespace {

// This server, as far as its standbys are concerned.
struct Upstream {
    bool in_recovery;
    std::optional<std::uint64_t> end_of_wal;
    pg::Value timeline;
    synchronous::Names synchronous;
    double sender_timeout;
};

Upstream find_upstream() {
    const pg::Row row = pg::query_often(R"(
        SELECT r.in_recovery,
               CASE WHEN r.in_recovery THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                    ELSE pg_current_wal_lsn() END,
               CASE WHEN r.in_recovery THEN (SELECT received_tli FROM pg_stat_get_wal_receiver())
                    ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END,
               current_setting('synchronous_standby_names'),
               extract(epoch FROM current_setting('wal_sender_timeout')::interval)
          FROM (SELECT pg_is_in_recovery() AS in_recovery OFFSET 0) r)").rows.at(0);
    const bool in_recovery = row[0] == "t";
    // a standby confirms nobody's commits
    const auto names = in_recovery ? std::nullopt : synchronous::parse(row[3].value_or(""));
    return {in_recovery, lsn::parse(row[1].value_or("")), row[2], names.value_or(synchronous::Names{}),
            pg::real(row[4]).value_or(0)};
}

// The columns of the statement below, in its order.
enum Column {
    pid, application_name, client_addr, state, sync_state, sync_priority, sent_lsn, write_lsn, flush_lsn, replay_lsn,
    write_lag, flush_lag, replay_lag, backend_start, reply_time, reply_age, in_database, slot_name, slot_is_logical,
    slot_active, slot_temporary, wal_status, safe_wal_size, restart_lsn, inactive_since
};

// The functions behind pg_stat_replication and pg_replication_slots, without the catalogues that these join.
pg::Rows find_sessions_and_slots() {
    static constexpr const char* statement = R"(
        SELECT w.pid, w.application_name, w.client_addr, w.state, w.sync_state, w.sync_priority,
               w.sent_lsn, w.write_lsn, w.flush_lsn, w.replay_lsn,
               extract(epoch FROM w.write_lag), extract(epoch FROM w.flush_lag), extract(epoch FROM w.replay_lag),
               w.backend_start, w.reply_time, extract(epoch FROM clock_timestamp() - w.reply_time),
               w.datid IS NOT NULL, s.slot_name, s.slot_type = 'logical', s.active, s.temporary, s.wal_status,
               s.safe_wal_size, s.restart_lsn, {inactive_since}
          FROM (SELECT s.*, a.application_name, a.client_addr, a.backend_start, a.datid
                  FROM pg_stat_get_wal_senders() s JOIN pg_stat_get_activity(NULL) a ON a.pid = s.pid) w
          FULL JOIN pg_get_replication_slots() s ON s.active_pid = w.pid
         ORDER BY w.pid IS NULL, w.application_name COLLATE "C", w.pid, s.slot_name)";
    const char* inactive_since = pg::version::has_slot_inactive_since() ? "s.inactive_since" : "NULL";
    return pg::query_often(fmt::format(statement, fmt::arg("inactive_since", inactive_since)));
}

health::Session session_of(const pg::Row& row) {
    if (!row[pid]) return health::Session::none;
    const bool logical = row[in_database] == "t" && row[slot_is_logical] != "f";
    return health::kind_of({row[application_name].value_or(""), row[state], logical || row[slot_is_logical] == "t",
                            row[write_lsn] || row[flush_lsn], row[replay_lsn].has_value(), row[slot_name].value_or("")});
}

// A slot of its own that waits for its standby; others are in use, temporary or of another kind.
bool is_slot_without_session(const pg::Row& row) {
    return !row[pid] && row[slot_is_logical] == "f" && row[slot_active] == "f" && row[slot_temporary] == "f";
}

bool concerns_a_standby(const pg::Row& row) {
    const health::Session session = session_of(row);
    if (session == health::Session::none) return is_slot_without_session(row);
    return session == health::Session::standby || session == health::Session::hidden;
}

std::optional<std::int64_t> behind(const Upstream& upstream, const pg::Value& position) {
    const auto there = lsn::parse(position.value_or(""));
    if (!there || !upstream.end_of_wal) return std::nullopt;
    return *upstream.end_of_wal > *there ? static_cast<std::int64_t>(*upstream.end_of_wal - *there) : 0;
}

// How many standbys stream under each name.
std::map<std::string, int> count_names(const pg::Rows& rows) {
    std::map<std::string, int> count;
    for (const pg::Row& row : rows.rows)
        if (session_of(row) == health::Session::standby) ++count[row[application_name].value_or("")];
    return count;
}

// What the verdict on one row depends on beyond the row.
struct Surroundings {
    const Upstream& upstream;
    const std::map<std::string, int>& names;
    const health::Thresholds& thresholds;

    int sessions_named(const pg::Value& name) const {
        const auto found = names.find(name.value_or(""));
        return found == names.end() ? 0 : found->second;
    }
};

// The listed synchronous name that a slot was made for; nothing when there is none.
pg::Value listed_name_of_slot(const synchronous::Names& names, const pg::Value& slot) {
    for (const std::string& name : names.names)
        if (name != "*" && slot == name::slot_from(name)) return name;
    return std::nullopt;
}

health::Standby facts_of(const pg::Row& row, const Surroundings& around) {
    health::Standby facts;
    facts.session = session_of(row);
    facts.state = row[state].value_or("");
    facts.behind_bytes = behind(around.upstream, row[replay_lsn]);
    facts.flight_bytes = behind(around.upstream, row[flush_lsn]);
    facts.reply_age = pg::real(row[reply_age]);
    facts.sender_timeout = around.upstream.sender_timeout;
    facts.slot = row[slot_name].value_or("");
    facts.wal_status = row[wal_status];
    facts.retained_bytes = behind(around.upstream, row[restart_lsn]);
    facts.upstream_is_standby = around.upstream.in_recovery;
    const pg::Value listed = listed_name_of_slot(around.upstream.synchronous, row[slot_name]);
    facts.listed_synchronous = facts.session == health::Session::none && listed;
    facts.name = facts.listed_synchronous ? *listed : row[application_name].value_or("");
    facts.sessions_of_this_name = around.sessions_named(row[application_name]);
    return facts;
}

pg::Value number(const std::optional<std::int64_t>& value) {
    return value ? pg::Value(std::to_string(*value)) : std::nullopt;
}

pg::Value seconds(const std::optional<double>& value) {
    return value ? pg::Value(fmt::format("{:.6f} seconds", *value)) : std::nullopt;
}

pg::Value lag(const pg::Row& row, Column measured, Column position, const health::Standby& facts,
              const Surroundings& around) {
    return seconds(health::shown_lag(pg::real(row[measured]), behind(around.upstream, row[position]), facts, around.thresholds));
}

pg::Row describe(const pg::Row& row, const Surroundings& around) {
    const health::Standby facts = facts_of(row, around);
    const health::Verdict verdict = health::judge(facts, around.thresholds);
    const Upstream& upstream = around.upstream;
    return {facts.name.empty() ? std::nullopt : pg::Value(facts.name),
            row[client_addr],
            row[state],
            row[sync_state],
            row[sync_priority],
            facts.state == "streaming" ? upstream.timeline : std::nullopt,
            row[sent_lsn],
            row[write_lsn],
            row[flush_lsn],
            row[replay_lsn],
            lag(row, write_lag, write_lsn, facts, around),
            lag(row, flush_lag, flush_lsn, facts, around),
            lag(row, replay_lag, replay_lsn, facts, around),
            number(facts.behind_bytes),
            row[slot_name],
            row[slot_active],
            row[wal_status],
            row[safe_wal_size],
            number(facts.retained_bytes),
            row[inactive_since],
            row[backend_start],
            row[reply_time],
            row[pid],
            std::string(health::text(verdict.level)),
            verdict.reason};
}

bool is_borne(const std::string& name, const pg::Rows& rows) {
    return std::any_of(rows.rows.begin(), rows.rows.end(), [&name](const pg::Row& row) {
        // who is hidden, or waits behind a slot of that name, may bear it
        return session_of(row) == health::Session::hidden ||
               (row[pid] && synchronous::same_name(row[application_name].value_or(""), name)) ||
               (is_slot_without_session(row) && row[slot_name] == name::slot_from(name));
    });
}

pg::Row missing(const std::string& name) {
    health::Standby facts;
    facts.name = name;
    facts.listed_synchronous = true;
    const health::Verdict verdict = health::judge(facts);
    pg::Row row(25);
    row[0] = name;
    row[23] = std::string(health::text(verdict.level));
    row[24] = verdict.reason;
    return row;
}

health::Thresholds thresholds_of(const pg::Arguments& arguments) {
    health::Thresholds thresholds;
    thresholds.warning_bytes = arguments.integer(0).value_or(thresholds.warning_bytes);
    thresholds.critical_bytes = arguments.integer(1).value_or(thresholds.critical_bytes);
    if (const auto silence = arguments.integer(2)) thresholds.silence_seconds = static_cast<double>(*silence);
    return thresholds;
}

}  // namespace

pg::Rows standbys(const pg::Arguments& arguments) {
    const health::Thresholds thresholds = thresholds_of(arguments);
    const Upstream upstream = find_upstream();
    const pg::Rows found = find_sessions_and_slots();
    const auto names = count_names(found);
    const Surroundings around{upstream, names, thresholds};
    pg::Rows result;
    for (const pg::Row& row : found.rows)
        if (concerns_a_standby(row)) result.rows.push_back(describe(row, around));
    for (const std::string& name : upstream.synchronous.names)
        if (name != "*" && !is_borne(name, found)) result.rows.push_back(missing(name));
    return result;
}

}  // namespace status
