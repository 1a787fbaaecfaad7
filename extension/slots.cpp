#include "extension/slots.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "core/slot_space.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/host.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"
#include "extension/server/slot.hpp"
#include "extension/server/transaction.hpp"
#include "extension/server/version.hpp"

namespace slots {

namespace {

struct Found {
    std::string type;
    bool active;
    std::string active_pid;
    pg::Value restart_lsn;
};

std::optional<Found> find(const std::string& slot) {
    const pg::Rows found = pg::query(
        "SELECT slot_type, active, active_pid, restart_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
        {slot});
    if (found.rows.empty()) return std::nullopt;
    const pg::Row& row = found.rows.front();
    return Found{row[0].value_or(""), row[1] == "t", row[2].value_or(""), row[3]};
}

void check_physical(const std::string& slot, const Found& found) {
    if (found.type == "physical") return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("replication slot \"{}\" is not a physical slot", slot),
                      fmt::format("It is a {} slot that something else uses.", found.type),
                      "Choose another slot name for the standby.");
}

// A drop cannot be taken back, so it waits for the end of the transaction.
std::string drop_of(const std::string& slot) { return "drop slot " + slot; }

void refuse_half_dropped(const std::string& slot) {
    if (!pg::waits_for_commit(drop_of(slot))) return;
    throw core::Error(core::sqlstate::object_in_use,
                      fmt::format("replication slot \"{}\" is being dropped", slot),
                      "replica.drop_slot was called in the same statement and drops it at its end.",
                      "Create the slot with a statement of its own.");
}

// The drop itself comes when nobody asks for rights any more.
void check_rights_to_drop() {
    if (pg::query_value("SELECT rolsuper OR rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user") == "t")
        return;
    const std::string caller = pg::query_value("SELECT pg_catalog.quote_ident(current_user)").value_or("");
    throw core::Error(core::sqlstate::insufficient_privilege, "permission denied to drop replication slots",
                      fmt::format("The role {} lacks the attribute REPLICATION.", caller),
                      fmt::format("A superuser can run: ALTER ROLE {} REPLICATION;", caller));
}

pg::Value make(const std::string& slot) {
    pg::Value lsn;
    pg::uninterrupted([&slot, &lsn] {
        lsn = pg::query_value(
            "SELECT lsn FROM pg_catalog.pg_create_physical_replication_slot($1::pg_catalog.name, true)", {slot});
        pg::on_rollback([slot] { pg::drop_slot_in_rollback(slot); });
    });
    return lsn;
}

pg::Rows already_there(const std::string& slot, const Found& found) {
    check_physical(slot, found);
    return {{{slot, found.restart_lsn, pg::boolean(false)}}};
}

// Before PostgreSQL 17 a slot says that it is unusable, but hardly why.
std::string since_17() {
    if (pg::version::has_slot_inactive_since()) return "s.inactive_since, s.invalidation_reason";
    return "NULL::timestamptz, CASE WHEN (to_jsonb(s) ->> 'conflicting')::boolean THEN 'conflict_with_recovery'"
           " WHEN s.wal_status = 'lost' THEN 'wal_removed' END";
}

pg::Rows listed() {
    static constexpr const char* statement = R"(
        SELECT l.slot_name, l.slot_type, l.database, l.temporary, l.active, l.active_pid, l.restart_lsn, l.wal_status,
               l.safe_wal_size, l.retained_bytes, l.inactive_since, l.reason,
               CASE WHEN NOT l.active THEN 'nobody' || coalesce(' since ' || l.inactive_since, '')
                    WHEN a.application_name <> ''
                    THEN a.application_name || coalesce(' at ' || host(a.client_addr), '')
                    ELSE 'process ' || l.active_pid END,
               l.xmin_age
          FROM (SELECT s.slot_name, s.slot_type, s.database, s.temporary, s.active, s.active_pid, s.restart_lsn,
                       s.wal_status, s.safe_wal_size,
                       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
                                            THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                                            ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint AS retained_bytes,
                       GREATEST(age(s.xmin), age(s.catalog_xmin)) AS xmin_age, {since_17}
                  FROM pg_catalog.pg_replication_slots s)
               AS l (slot_name, slot_type, database, temporary, active, active_pid, restart_lsn, wal_status,
                     safe_wal_size, retained_bytes, xmin_age, inactive_since, reason)
               LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.active_pid
         ORDER BY l.slot_name)";
    return pg::query(fmt::format(statement, fmt::arg("since_17", since_17())));
}

// What is the same for all slots: the disk, and how fast WAL comes.
slot_space::Facts surroundings() {
    slot_space::Facts facts;
    if (const auto space = host::space_at("pg_wal")) facts.free_bytes = space->free;
    facts.in_recovery = pg::query_value("SELECT pg_is_in_recovery()") == "t";
    facts.has_statistics = pg::version::has_wal_statistics();
    if (!facts.has_statistics) return facts;
    const pg::Row row = pg::query(
        "SELECT wal_bytes, extract(epoch FROM clock_timestamp() - stats_reset) FROM pg_catalog.pg_stat_wal").rows.at(0);
    facts.wal_bytes = pg::real(row[0]).value_or(0);
    facts.seconds = pg::real(row[1]).value_or(0);
    return facts;
}

pg::Value text(const std::optional<std::int64_t>& number) {
    return number ? pg::Value(std::to_string(*number)) : std::nullopt;
}

}  // namespace

pg::Rows create(const pg::Arguments& arguments) {
    const std::string slot = arguments.required(0, "slot_name");
    name::check_slot(slot);
    refuse_half_dropped(slot);
    if (const auto found = find(slot)) return already_there(slot, *found);
    pg::refuse_in_transaction_block("replica.create_slot", "A replication slot stays when the transaction is rolled back.");
    return {{{slot, make(slot), pg::boolean(true)}}};
}

pg::Rows drop(const pg::Arguments& arguments) {
    const std::string slot = arguments.required(0, "slot_name");
    const auto found = find(slot);
    if (!found || pg::waits_for_commit(drop_of(slot))) return {{{slot, pg::boolean(false)}}};
    check_physical(slot, *found);
    if (found->active)
        throw core::Error(core::sqlstate::object_in_use, fmt::format("replication slot \"{}\" is in use", slot),
                          fmt::format("The walsender with process ID {} streams from it.", found->active_pid),
                          "Stop the standby that uses it first; see the view replica.standbys.");
    pg::refuse_in_transaction_block("replica.drop_slot", "A dropped replication slot does not come back when the transaction is rolled back.");
    check_rights_to_drop();
    pg::before_commit(drop_of(slot), [slot] { pg::drop_slot(slot); });
    return {{{slot, pg::boolean(true)}}};
}

pg::Rows list(const pg::Arguments&) {
    pg::Rows result = listed();
    slot_space::Facts facts = surroundings();
    for (pg::Row& row : result.rows) {
        facts.reserves = row[6].has_value();
        facts.safe_wal_size = pg::whole(row[8]);
        const slot_space::Estimate estimate = slot_space::time_to_full(facts);
        row.push_back(text(facts.free_bytes));
        row.push_back(estimate.seconds ? pg::Value(fmt::format("{} seconds", *estimate.seconds)) : pg::Value());
        row.push_back(estimate.basis);
    }
    return result;
}

}  // namespace slots
