#include "tool/switching_facts.hpp"

#include "core/lsn.hpp"
#include "tool/link.hpp"

namespace switching {

namespace {

std::string text(const world::Rows& rows, std::size_t row, const char* column) { return rows.at(row, column).value_or(""); }

// The one that is to be promoted is told from the others by its slot, or by its name where it has none.
void read_standbys(world::Session& primary, Facts& facts) {
    const world::Rows rows = primary.query(
        "SELECT r.application_name, r.state, r.usename, host(r.client_addr) AS address, s.slot_name, "
        "pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) AS behind FROM pg_stat_replication AS r "
        "LEFT JOIN pg_replication_slots AS s ON s.active_pid = r.pid AND NOT s.temporary "
        "WHERE r.replay_lsn IS NOT NULL AND s.slot_type IS DISTINCT FROM 'logical' ORDER BY r.application_name");
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        const std::string name = text(rows, row, "application_name"), slot = text(rows, row, "slot_name");
        const bool is_it = facts.standby_slot.empty() ? name == facts.standby_name : slot == facts.standby_slot;
        if (!is_it) {
            facts.others.push_back({name, slot, text(rows, row, "usename"), text(rows, row, "address")});
            continue;
        }
        facts.state = text(rows, row, "state");
        facts.behind = tool::bytes(rows.at(row, "behind"));
    }
}

// A file that failed and was archived since has a later success; a shutdown waits for none of them.
void read_primary(world::Session& primary, Facts& facts) {
    const world::Rows rows = primary.query(
        "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'backup') OR "
        "EXISTS (SELECT FROM pg_stat_progress_basebackup) AS backup, "
        "(SELECT last_failed_wal FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off' AND "
        "last_failed_time > coalesce(last_archived_time, '-infinity')) AS archive, "
        "current_setting('synchronous_standby_names') AS names, "
        "(SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_directory, "
        "(SELECT setting FROM pg_settings WHERE name = 'config_file') AS config_file");
    facts.backup_runs = rows.at(0, "backup") == "t";
    facts.archive_problem = text(rows, 0, "archive");
    facts.synchronous_standby_names = text(rows, 0, "names");
    facts.data_directory = text(rows, 0, "data_directory");
    facts.config_file = text(rows, 0, "config_file");
    const world::Rows limits = primary.query(
        "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', "
        "'max_prepared_transactions', 'max_locks_per_transaction')");
    for (const auto& row : limits.rows) facts.limits[row.at(0).value_or("")] = row.at(1).value_or("");
}

}  // namespace

Facts gather(world::Session& primary, world::Session& standby, const std::string& name, const std::string& slot) {
    Facts facts;
    facts.standby_name = name;
    facts.standby_slot = slot;
    facts.standby = promotion::gather(standby);
    facts.primary_may_checkpoint = promotion::gather(primary).may_checkpoint;
    read_standbys(primary, facts);
    read_primary(primary, facts);
    return facts;
}

}  // namespace switching
