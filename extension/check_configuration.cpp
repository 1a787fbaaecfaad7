// Whose the configuration is, and whether the next start of this server and of its standbys succeeds with it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/name.hpp"
#include "extension/check_topics.hpp"
#include "extension/owner_facts.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"
#include "extension/settings_facts.hpp"

namespace checks {

Finding configuration_owner(const Context& context) {
    const auto owner = owner::find_here();
    if (owner && owner::tolerates_alter_system(*owner))
        return ok(fmt::format("{} writes part of the configuration. {} ALTER SYSTEM overrides it.", owner->name,
                              owner->evidence));
    if (owner)
        return warning(fmt::format("{} owns the configuration of this server. {} What ALTER SYSTEM sets beside it is "
                                   "ineffective, lost, or this node's alone.",
                                   owner->name, owner->evidence),
                       owner::command(*owner, {{"NAME", "VALUE"}}));
    if (!owner::can_be_seen())
        return warning(fmt::format("The role {} may not see where the configuration comes from.", context.caller),
                       context.grant_monitor());
    return ok("No other tool is seen to own the configuration.");
}

Finding alter_system(const Context&) {
    if (pg::version::has_allow_alter_system() &&
        pg::query_value("SELECT current_setting('allow_alter_system')") != "on")
        return warning("allow_alter_system = off: something else owns the configuration.",
                       "Change settings where that owner has them; the statements ALTER SYSTEM of this report fail.");
    const std::string why = pg::why_configuration_is_unwritable();
    if (!why.empty())
        return warning(fmt::format("postgresql.auto.conf cannot be written: {}.", why),
                       "Give the server's operating system user the right to write it.");
    return ok("ALTER SYSTEM can write postgresql.auto.conf.");
}

Finding next_start(const Context&) {
    pg::query("SELECT FROM pg_show_all_file_settings() LIMIT 1");  // only who may see the files can tell
    const std::vector<std::string> conflicts = settings::conflicts(settings::gather().facts);
    if (conflicts.empty()) return ok("The values of the next start fit together.");
    return error(fmt::format("The next start would fail or lose standbys: {}", fmt::join(conflicts, " ")),
                 "SELECT name, setting, sourcefile, sourceline FROM pg_file_settings; -- and mend these before a restart");
}

Finding standby_limits(const Context&) {
    const pg::Rows raised = pg::query(R"(
        SELECT s.name, s.setting, f.setting
          FROM (SELECT DISTINCT ON (lower(name)) lower(name) AS name, setting
                  FROM pg_show_all_file_settings() WHERE name IS NOT NULL ORDER BY lower(name), seqno DESC) f
               JOIN pg_settings s USING (name)
         WHERE s.name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions',
                          'max_locks_per_transaction')
           AND s.source NOT IN ('command line', 'environment variable')
           AND f.setting ~ '^\s*\d{1,9}\s*$' AND f.setting::bigint > s.setting::bigint
         ORDER BY s.name COLLATE "C")");
    std::vector<Raised> limits;
    for (const pg::Row& row : raised.rows)
        limits.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or("")});
    return raised_limits(limits, pg::query_value(settings::connected_standbys).value_or(""));
}

Finding extension_version(const Context&) {
    const pg::Row row = pg::query(
        "SELECT e.extversion, a.default_version FROM pg_extension e"
        "  LEFT JOIN pg_available_extensions() a ON a.name = e.extname WHERE e.extname = 'pg_replica'").rows.at(0);
    if (!row[1])
        return warning("The files of the extension pg_replica are not where this server looks for them.",
                       "Install the package of pg_replica for this version of PostgreSQL again.");
    if (row[0] == row[1]) return ok(fmt::format("pg_replica {} is installed, as its files have it.", *row[0]));
    return warning(fmt::format("pg_replica {} is installed in this database, its files are of {}.", *row[0], *row[1]),
                   "ALTER EXTENSION pg_replica UPDATE;");
}

}  // namespace checks
