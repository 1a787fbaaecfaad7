#include "extension/check.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/fix.hpp"
#include "extension/check_topics.hpp"
#include "extension/hba_facts.hpp"
#include "extension/pending.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"

namespace checks {

namespace {

// A check, and the rights that it needs where not everybody has them; {} stands for the caller.
struct Check {
    const char* name;
    Finding (*run)(const Context&);
    const char* rights = nullptr;
};

constexpr Check all[] = {
    {"primary", primary},
    {"wal_level", wal_level},
    {"max_wal_senders", max_wal_senders},
    {"max_replication_slots", max_replication_slots},
    {"connections", connections},
    {"role", role},
    {"role_login", login},
    {"role_replication", replication},
    {"role_expiry", expiry},
    {"role_connection_limit", connection_limit},
    {"role_password", password, "Run the check as a superuser: password hashes are nobody else's to see."},
    {"admission", admission},
    {"listen_addresses", listen_addresses},
    {"default_transaction_read_only", read_only},
    {"pending_restart", restarts},
    {"configuration_files", configuration_files,
     "GRANT SELECT ON pg_catalog.pg_file_settings TO {0}; "
     "GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO {0};"},
    {"hba_file", hba_file,
     "GRANT SELECT ON pg_catalog.pg_hba_file_rules TO {0}; "
     "GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO {0};"},
    {"configuration_owner", configuration_owner},
    {"alter_system", alter_system},
    {"next_start", next_start, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO {0};"},
    {"standby_limits", standby_limits, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO {0};"},
    {"extension", extension_version},
    {"synchronous_standbys", synchronous_standbys},
    {"archiver", archiver},
    {"slot_retention", slot_retention},
    {"inactive_slots", inactive_slots},
    {"wal_space", wal_space},
    {"data_directory", data_directory},
    {"data_checksums", data_checksums},
    {"collations", collations},
    {"full_page_writes", full_page_writes},
    {"rewind", rewind},
    {"unlogged_tables", unlogged_tables},
    {"tablespaces", tablespaces},
    {"standby_names", standby_names},
};

std::map<std::string, Setting> find_settings() {
    const pg::Rows found = pg::query(R"(
        SELECT name, setting, source FROM pg_show_all_settings()
         WHERE name IN ('wal_level', 'max_wal_senders', 'max_replication_slots', 'max_connections', 'listen_addresses',
                        'default_transaction_read_only', 'synchronous_standby_names', 'archive_mode',
                        'max_slot_wal_keep_size', 'full_page_writes', 'wal_log_hints', 'data_checksums'))");
    std::map<std::string, Setting> settings;
    for (const pg::Row& row : found.rows)
        settings[row[0].value_or("")] = {row[0].value_or(""), row[1].value_or(""), row[2].value_or("")};
    return settings;
}

// Privileges are not asked here: the attributes of roles are everybody's to see, but for the password.
std::optional<Role> find_role(const pg::Value& name) {
    if (!name) return std::nullopt;
    const pg::Rows found = pg::query(R"(
        SELECT r.rolcanlogin, r.rolreplication, r.rolsuper, r.rolvaliduntil <= now(), r.rolvaliduntil, r.rolconnlimit,
               (SELECT count(*) FROM pg_stat_get_activity(NULL) a WHERE a.usesysid = r.oid)
          FROM pg_roles r WHERE r.rolname = $1)", {name});
    if (found.rows.empty()) return std::nullopt;
    const pg::Row& row = found.rows.front();
    return Role{*name,
                row[0] == "t",
                row[1] == "t",
                row[2] == "t",
                row[3] == "t",
                row[4].value_or(""),
                pg::whole(row[5]).value_or(-1),
                pg::whole(row[6]).value_or(0)};
}

std::optional<Decision> find_decision(const Context& context) {
    if (!context.role_name) return std::nullopt;
    std::optional<Decision> decision;
    pg::attempt([&context, &decision] {
        const pg::Rows found = pg::query(
            "SELECT decision, auth_method, file_name || ':' || line_number, explanation"
            "  FROM replica.hba_decision($1, $2, $3::boolean)",
            {context.role_name, context.address, pg::boolean(context.tls)});
        const pg::Row& row = found.rows.at(0);
        decision = Decision{row[0].value_or(""), row[1], row[2].value_or(""), row[3].value_or("")};
    });
    return decision;
}

std::int64_t standbys_asked(const pg::Arguments& arguments) {
    const std::int64_t standbys = arguments.integer(0).value_or(1);
    if (standbys >= 0 && standbys <= 1000) return standbys;
    throw core::Error(core::sqlstate::invalid_parameter_value,
                      fmt::format("{} standbys cannot be checked for", standbys), {},
                      "Give a number of standbys from 0 to 1000.");
}

// Host names are looked up by nobody here, and a word that is none must not be called a place.
pg::Value address_asked(const pg::Arguments& arguments) {
    const pg::Value address = arguments.text(2);
    if (hba::is_local(address)) return std::nullopt;
    hba::read_address(*address);
    return address;
}

Context gather(const pg::Arguments& arguments) {
    Context context{standbys_asked(arguments), arguments.text(1), address_asked(arguments), arguments.boolean(3, false),
                    find_settings(), false, {}, {}, {}, {}};
    context.pending_restart = pending::restarts();
    const pg::Row row = pg::query("SELECT pg_is_in_recovery(), quote_ident(current_user)").rows.at(0);
    context.in_recovery = row[0] == "t";
    context.caller = row[1].value_or("");
    context.role = find_role(context.role_name);
    context.decision = find_decision(context);
    return context;
}

// NULL where no statement mends it.
pg::Value mends(const Finding& finding) {
    const std::vector<std::string> statements = fix::statements(finding.hint);
    return statements.empty() ? pg::Value() : fix::array(statements);
}

Finding look(const Check& check, const Context& context) {
    if (check.rights == nullptr) return check.run(context);
    Finding finding = warning(fmt::format("The role {} may not see this.", context.caller),
                              fmt::vformat(check.rights, fmt::make_format_args(context.caller)));
    pg::attempt([&check, &context, &finding] { finding = check.run(context); });
    return finding;
}

}  // namespace

pg::Rows run(const pg::Arguments& arguments) {
    const Context context = gather(arguments);
    pg::Rows result;
    for (const Check& check : all) {
        const Finding finding = look(check, context);
        result.rows.push_back({check.name, std::string(text(finding.status)), finding.detail,
                               finding.hint.empty() ? std::nullopt : pg::Value(finding.hint), mends(finding)});
    }
    return result;
}

}  // namespace checks
