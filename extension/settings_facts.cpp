#include "extension/settings_facts.hpp"

#include <fmt/format.h>

#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace settings {

namespace {

constexpr const char* files = R"(
    SELECT lower(name) AS name, setting, seqno, sourcefile ~ '/postgresql\.auto\.conf$' AS own
      FROM pg_catalog.pg_show_all_file_settings() WHERE name IS NOT NULL)";

constexpr const char* no_files = "SELECT name, setting, 1 AS seqno, false AS own FROM pg_catalog.pg_settings";

// The last mention of a setting in the files counts; postgresql.auto.conf is read last.
constexpr const char* statement = R"(
    WITH mentioned AS ({files})
    SELECT s.name, s.setting, current_setting(s.name), s.source, s.sourcefile, s.context = 'postmaster',
           s.pending_restart, s.source IN ('command line', 'environment variable', 'override'),
           coalesce((SELECT m.setting FROM mentioned m WHERE m.name = s.name ORDER BY m.seqno DESC LIMIT 1), s.boot_val),
           coalesce((SELECT m.setting FROM mentioned m WHERE m.name = s.name AND NOT m.own ORDER BY m.seqno DESC LIMIT 1),
                    s.boot_val),
           (SELECT m.setting FROM mentioned m WHERE m.name = s.name AND m.own ORDER BY m.seqno DESC LIMIT 1)
      FROM pg_catalog.pg_settings s WHERE s.name = ANY ($1::text[]))";

constexpr const char* surroundings = R"(
    WITH mentioned AS ({files}),
         limits AS (SELECT s.name, coalesce((SELECT m.setting FROM mentioned m
                                              WHERE m.name = s.name AND m.setting ~ '^\s*\d{{1,9}}\s*$'
                                                AND s.source NOT IN ('command line', 'environment variable', 'override')
                                              ORDER BY m.seqno DESC LIMIT 1), s.setting)::bigint AS later
                      FROM pg_catalog.pg_settings s
                     WHERE s.name IN ('max_connections', 'max_worker_processes', {autovacuum},
                                      'superuser_reserved_connections', 'reserved_connections'))
    SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary),
           (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' AND NOT temporary),
           (SELECT count(*) FROM pg_catalog.pg_stat_replication),
           (SELECT coalesce(max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                                                     ELSE pg_current_wal_lsn() END, restart_lsn)), 0)::bigint / 1048576
              FROM pg_catalog.pg_replication_slots),
           (SELECT sum(later) FROM limits WHERE name IN ('max_connections', 'max_worker_processes', {autovacuum})),
           current_setting('data_checksums') = 'on', coalesce(current_setting('summarize_wal', true), 'off') = 'on',
           ({standbys}),
           (SELECT later FROM limits WHERE name = 'max_connections'),
           (SELECT sum(later) FROM limits WHERE name IN ('superuser_reserved_connections', 'reserved_connections')))";

std::string array_of_names() {
    std::string array(synchronous_standby_names);
    for (const auto name : names) array += fmt::format(",{}", name);
    return fmt::format("{{{}}}", array);
}

// archive_command shows as "(disabled)" while archive_mode is off.
std::string running_value(const std::string& name, const std::string& setting, const std::string& in_file) {
    return name == "archive_command" && setting == "(disabled)" ? in_file : setting;
}

// pg_settings.pending_restart stays false until the files are read again and true when a pending value is
// taken back, so the files count where they can be read.
bool is_pending(const Parameter& parameter, bool needs_restart, bool known_to_server) {
    if (known_to_server && !may_read_files()) return true;
    return needs_restart &&
           measure(parameter.name, parameter.running) != measure(parameter.name, parameter.at_restart);
}

void add(Gathered& gathered, const pg::Row& row) {
    const std::string name = row[0].value_or("");
    const bool fixed = row[7] == "t";
    const bool needs_restart = row[5] == "t";
    const std::string running = running_value(name, row[1].value_or(""), row[8].value_or(""));
    const Parameter parameter{name, running, fixed ? running : row[8].value_or(""), fixed};
    gathered.details[name] = {row[2].value_or(""),
                              row[3].value_or(""),
                              row[4],
                              needs_restart,
                              is_pending(parameter, needs_restart, row[6] == "t"),
                              row[10],
                              row[9].value_or("")};
    gathered.facts.parameters.push_back(parameter);
}

void add_surroundings(Facts& facts) {
    // sessions of autovacuum take their share of the processes by another name since they can be reloaded
    const char* autovacuum =
        pg::version::has_autovacuum_worker_slots() ? "'autovacuum_worker_slots'" : "'autovacuum_max_workers'";
    const pg::Rows found = pg::query(fmt::format(surroundings, fmt::arg("autovacuum", autovacuum),
                                                 fmt::arg("files", may_read_files() ? files : no_files),
                                                 fmt::arg("standbys", connected_standbys)));
    const pg::Row& row = found.rows.at(0);
    const auto number = [&row](int column) { return std::stoll(row[column].value_or("0")); };
    facts.physical_slots = number(0);
    facts.logical_slots = number(1);
    facts.walsenders = number(2);
    facts.most_retained = number(3);
    facts.other_processes = number(4);
    facts.data_checksums = row[5] == "t";
    facts.summarize_wal = row[6] == "t";
    facts.standbys = row[7].value_or("");
    facts.max_connections = number(8);
    facts.reserved_connections = number(9);
    facts.logical_on_demand = pg::version::has_logical_decoding_on_demand();
}

}  // namespace

bool may_read_files() {
    return pg::query_value(
               "SELECT has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')") == "t";
}

Gathered gather() {
    Gathered gathered;
    const std::string sql = fmt::format(statement, fmt::arg("files", may_read_files() ? files : no_files));
    const pg::Rows found = pg::query(sql, {array_of_names()});
    for (const pg::Row& row : found.rows) add(gathered, row);
    add_surroundings(gathered.facts);
    return gathered;
}

}  // namespace settings
