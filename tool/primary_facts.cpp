#include "tool/primary_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tool/failure.hpp"

namespace cloning {

namespace {

bool truth(const world::Value& value) { return value == "t" || value == "true"; }
using tool::number;
std::string text(const world::Value& value) { return value.value_or(""); }

// Before anything else is asked: an older server does not even know the settings that are asked for.
void refuse_too_old(tool::Link& primary) {
    const int version = number(primary.value("SELECT current_setting('server_version_num')"));
    if (version >= 130000) return;
    throw refused(fmt::format("the primary runs PostgreSQL {}, and 13 is the oldest supported",
                              version >= 100000 ? fmt::format("{}", version / 10000)
                                                : fmt::format("{}.{}", version / 10000, version / 100 % 100)),
                  "pg_verifybackup and the views that a clone relies on came with PostgreSQL 13.", "Upgrade the primary first.");
}

void read_server(tool::Link& primary, PrimaryFacts& facts) {
    const auto rows = primary.query(R"(
        SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS in_recovery,
               (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
               (SELECT extversion FROM pg_extension WHERE extname = 'pg_replica') AS extension_version,
               EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_replica') AS extension_available,
               current_setting('is_superuser') = 'on' AS is_superuser, current_setting('wal_level') AS wal_level,
               current_setting('data_directory_mode') LIKE '%75%' AS group_access,
               current_setting('data_checksums') = 'on' AS checksums,
               current_setting('max_slot_wal_keep_size') <> '-1' AS slots_are_bounded,
               current_setting('synchronous_standby_names') AS synchronous_standby_names,
               current_setting('archive_mode') AS archive_mode, host(inet_client_addr()) AS client_address)");
    facts.version = number(rows.at(0, "version"));
    facts.in_recovery = truth(rows.at(0, "in_recovery"));
    facts.system_identifier = text(rows.at(0, "system_identifier"));
    facts.extension_version = text(rows.at(0, "extension_version"));
    facts.extension_available = truth(rows.at(0, "extension_available"));
    facts.is_superuser = truth(rows.at(0, "is_superuser"));
    facts.wal_level = text(rows.at(0, "wal_level"));
    facts.group_access = truth(rows.at(0, "group_access"));
    facts.slots_are_bounded = truth(rows.at(0, "slots_are_bounded"));
    facts.checksums = truth(rows.at(0, "checksums"));
    facts.synchronous_standby_names = text(rows.at(0, "synchronous_standby_names"));
    facts.archive_mode = text(rows.at(0, "archive_mode"));
    facts.client_address = text(rows.at(0, "client_address"));
}

// pg_settings hides what the role may not see, where SHOW would raise an error.
void read_files(tool::Link& primary, PrimaryFacts& facts) {
    const auto rows = primary.query(
        "SELECT name, setting FROM pg_settings WHERE name IN "
        "('data_directory', 'config_file', 'hba_file', 'ident_file', 'archive_command', 'restore_command', "
        "'unix_socket_directories')");
    std::map<std::string, std::string> found;
    for (const auto& row : rows.rows) found[text(row.at(0))] = text(row.at(1));
    facts.data_directory = found["data_directory"];
    facts.config_file = found["config_file"];
    facts.hba_file = found["hba_file"];
    facts.ident_file = found["ident_file"];
    facts.archive_command = found["archive_command"];
    facts.restore_command = found["restore_command"];
    facts.socket_directories = found["unix_socket_directories"];
}

void read_capacity(tool::Link& primary, PrimaryFacts& facts) {
    const auto rows = primary.query(R"(
        SELECT current_setting('max_wal_senders')::int AS max_wal_senders,
               current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication) AS free_walsenders,
               current_setting('max_replication_slots')::int AS max_replication_slots,
               current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots) AS free_slots,
               (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary) AS standbys)");
    facts.max_wal_senders = number(rows.at(0, "max_wal_senders"));
    facts.free_walsenders = number(rows.at(0, "free_walsenders"));
    facts.max_replication_slots = number(rows.at(0, "max_replication_slots"));
    facts.free_slots = number(rows.at(0, "free_slots"));
    facts.standbys = number(rows.at(0, "standbys"));
}

void read_limits(tool::Link& primary, PrimaryFacts& facts) {
    const auto rows = primary.query(
        "SELECT name, setting, source IN ('command line', 'environment variable'), "
        "coalesce(sourcefile LIKE '%/postgresql.auto.conf', false), boot_val FROM pg_settings WHERE name IN "
        "('max_connections', 'max_prepared_transactions', 'max_locks_per_transaction', 'max_wal_senders', "
        "'max_worker_processes')");
    for (const auto& row : rows.rows) {
        facts.limits[text(row.at(0))] = text(row.at(1));
        facts.default_limits[text(row.at(0))] = text(row.at(4));
        if (truth(row.at(2))) facts.command_line_limits.push_back(text(row.at(0)));
        if (truth(row.at(2)) || truth(row.at(3))) facts.travelling_limits.push_back(text(row.at(0)));
    }
}

void read_tablespaces(tool::Link& primary, PrimaryFacts& facts) {
    const auto may_see = primary.value(
        "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') OR current_setting('is_superuser') = 'on'");
    // a relative location is one inside of the data directory (allow_in_place_tablespaces): nothing to map
    const auto rows = primary.query(
        "SELECT spcname, pg_tablespace_location(oid), CASE WHEN $1::boolean THEN pg_tablespace_size(oid) END "
        "FROM pg_tablespace WHERE pg_tablespace_location(oid) LIKE '/%'",
        {truth(may_see) ? "true" : "false"});
    for (const auto& row : rows.rows) facts.tablespaces.push_back({text(row.at(0)), text(row.at(1)), tool::bytes(row.at(2))});
    if (truth(may_see))
        facts.bytes = tool::bytes(primary.value("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace"));
    const auto wal = primary.query(
        "SELECT pg_size_bytes(current_setting('wal_segment_size')), pg_size_bytes(current_setting('max_wal_size'))");
    facts.wal_segment_size = tool::bytes(wal.rows.at(0).at(0));
    facts.max_wal_size = tool::bytes(wal.rows.at(0).at(1));
}

void read_slot(tool::Link& primary, const Options& options, PrimaryFacts& facts) {
    const auto rows = primary.query(
        "SELECT active, slot_type = 'physical', wal_status FROM pg_replication_slots WHERE slot_name = $1", {options.slot});
    if (rows.rows.empty()) return;
    facts.slot = {true, truth(rows.rows[0].at(0)), truth(rows.rows[0].at(1)), text(rows.rows[0].at(2))};
}

void read_role(tool::Link& primary, const Options& options, PrimaryFacts& facts) {
    const auto rows = primary.query(
        "SELECT coalesce(shobj_description(oid, 'pg_authid') LIKE 'pg_replica: replication role%', false), "
        "EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS a WHERE a.usesysid = r.oid AND a.backend_type = 'walsender') "
        "FROM pg_roles AS r WHERE rolname = $1",
        {options.replication_user});
    if (rows.rows.empty()) return;
    facts.role = {true, truth(rows.rows[0].at(0)), truth(rows.rows[0].at(1))};
}

// By OID: by name, the server looks into the schema first and refuses that without USAGE. pg_monitor is for the views of
// standbys and slots; the marker proves that a started standby replicates, and its functions run with the caller's rights.
void read_rights(tool::Link& primary, const Options& options, PrimaryFacts& facts) {
    if (facts.extension_version.empty() || facts.is_superuser) return;
    const auto rows = primary.query(R"(
        WITH schema AS (SELECT oid FROM pg_namespace WHERE nspname = 'replica')
        SELECT missing FROM (
            SELECT 1, 'pg_monitor' WHERE NOT pg_has_role('pg_monitor', 'USAGE')
            UNION ALL
            SELECT 2, 'USAGE ON SCHEMA replica' FROM schema WHERE NOT has_schema_privilege(oid, 'USAGE')
            UNION ALL
            SELECT 3, 'EXECUTE ON FUNCTION ' || string_agg(format('replica.%s(text)', proname), ', ' ORDER BY proname)
              FROM pg_proc WHERE pronamespace = (SELECT oid FROM schema) AND NOT has_function_privilege(oid, 'EXECUTE')
               AND (proname IN ('create_slot', 'drop_slot') OR proname IN ('write_marker', 'read_marker') AND $1::boolean)
            HAVING count(*) > 0
            UNION ALL
            SELECT 4, string_agg(privilege, ', ') || ' ON replica.marker'
              FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege
             WHERE relnamespace = (SELECT oid FROM schema) AND relname = 'marker' AND $1::boolean
               AND NOT has_table_privilege(pg_class.oid, privilege)
            HAVING count(*) > 0) AS rights (place, missing) ORDER BY place)",
                                    {options.no_start ? "false" : "true"});
    for (const auto& row : rows.rows) facts.missing_rights.push_back(text(row.at(0)));
}

// Which line of pg_hba.conf decides; only the extension can tell, and only to who may read the rules.
void read_admission(tool::Link& primary, const Options& options, PrimaryFacts& facts) {
    if (facts.extension_version.empty()) return;
    // one address decides, and of a network this host's own is one
    const bool of_one_host = !options.standby_address.empty() && options.standby_address.find('/') == std::string::npos;
    const std::string address = of_one_host ? options.standby_address : facts.client_address;
    try {
        const auto rows = primary.query("SELECT decision, explanation FROM replica.hba_decision($1, $2, $3)",
                                        {options.replication_user, address.empty() ? world::Value{} : address,
                                         facts.uses_tls ? "true" : "false"});
        if (rows.rows.empty()) return;
        facts.admission = text(rows.at(0, "decision"));
        facts.admission_reason = text(rows.at(0, "explanation"));
    } catch (const core::Error&) {
        // without the right to read the rules, the login itself is the only answer
    }
}

// A password that this run will replace anyway is not asked for.
world::Prompt login_prompt(const PrimaryFacts& facts, const Options& options) {
    return facts.will_renew_password(options) ? world::Prompt::never : connection::prompt(options.connection);
}

}  // namespace

bool PrimaryFacts::will_renew_password(const Options& options) const {
    return options.prepare && options.role_is_own && role.exists && role.ours;
}

bool PrimaryFacts::config_is_inside() const {
    return config_file.empty() || config_file == data_directory + "/postgresql.conf";
}

LoginFacts try_login(world::World& world, tool::Link& primary, const std::string& role, const std::string& password,
                     world::Prompt prompt, const std::string& passfile) {
    conninfo::Parameters parameters = primary.session().parameters();
    if (!passfile.empty()) parameters.set("passfile", passfile);
    for (const char* keyword : {"dbname", "service", "options", "target_session_attrs", "password"}) parameters.set(keyword, "");
    const bool same_role = parameters.get("user") == role && password.empty() && passfile.empty();
    parameters.set("user", role);
    parameters.set("password", same_role ? primary.session().password() : password);
    parameters.set("dbname", "replication");
    parameters.set("replication", "true");
    LoginFacts facts;
    try {
        const auto session = world.database.connect(parameters, "the primary for replication", prompt);
        facts.system_identifier = text(session->query("IDENTIFY_SYSTEM").at(0, "systemid"));
        facts.password = session->password();
        facts.login = session->parameters();
        facts.succeeded = true;
    } catch (const core::Error& error) {
        facts.problem = error.detail.empty() ? error.message : error.detail;
        facts.hint = error.hint;
    }
    return facts;
}

PrimaryFacts gather(world::World& world, tool::Link& primary, const Options& options) {
    PrimaryFacts facts;
    refuse_too_old(primary);
    read_server(primary, facts);
    const conninfo::Parameters used = primary.session().parameters();
    facts.host = used.get("host");
    facts.port = used.get("port");
    facts.user = used.get("user");
    facts.dbname = used.get("dbname");
    facts.uses_tls = primary.session().uses_tls();
    read_files(primary, facts);
    read_capacity(primary, facts);
    read_limits(primary, facts);
    read_tablespaces(primary, facts);
    read_slot(primary, options, facts);
    read_role(primary, options, facts);
    read_rights(primary, options, facts);
    read_admission(primary, options, facts);
    facts.compression = compression::gather(primary, options.compress);
    facts.ground = shared_ground::gather(primary);
    if (!options.login_passfile.empty() && facts.role.exists)
        facts.login = try_login(world, primary, options.replication_user, "", world::Prompt::never, options.login_passfile);
    if (!facts.login.succeeded && (facts.role.exists || !options.prepare))
        facts.login = try_login(world, primary, options.replication_user, "", login_prompt(facts, options));
    return facts;
}

}  // namespace cloning
