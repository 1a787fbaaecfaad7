// What the server allows: processes, slots, connections, and whether its configuration is in effect and sound.
#include <fmt/format.h>

#include "extension/check_topics.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"
#include "extension/settings_facts.hpp"

namespace checks {

namespace {

std::int64_t count(const char* statement) { return pg::whole(pg::query_value(statement)).value_or(0); }

std::string grant_files(const std::string& caller) {
    return fmt::format("GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO {};", caller);
}

// "file line 7: error", for each row of file, line and error; at most a few of them.
std::string places(const pg::Rows& found) {
    static constexpr std::size_t shown = 5;
    std::string result;
    for (std::size_t i = 0; i < found.rows.size() && i < shown; ++i) {
        const pg::Row& row = found.rows[i];
        result += fmt::format("{}{} line {}: {}", i == 0 ? "" : "; ", row[0].value_or("?"), row[1].value_or("?"),
                              row[2].value_or(""));
    }
    if (found.rows.size() > shown) result += fmt::format("; and {} more", found.rows.size() - shown);
    return result + ".";
}

}  // namespace

Finding primary(const Context& context) {
    if (!context.in_recovery) return ok("This server is a primary.");
    return error("This server is itself a standby: roles, the extension and synchronous commits are its primary's.",
                 "SELECT sender_host, sender_port FROM pg_stat_wal_receiver; -- and check there");
}

Finding wal_level(const Context& context) {
    const Setting& setting = context.setting("wal_level");
    const std::string detail = fmt::format("wal_level = {}.", setting.value);
    if (setting.value != "minimal") return ok(detail);
    if (context.waits_for_restart("wal_level"))
        return error(detail + " Its new value waits for a restart.", "Restart the server.");
    return error(detail + " WAL holds too little for a standby.", how_to_set(setting, "replica", true));
}

Finding max_wal_senders(const Context& context) {
    return capacity(context.setting("max_wal_senders"), count("SELECT count(*) FROM pg_stat_get_wal_senders()"),
                    walsenders_for(context.standbys), "(one per standby, two for a clone)");
}

Finding max_replication_slots(const Context& context) {
    return capacity(context.setting("max_replication_slots"), count("SELECT count(*) FROM pg_get_replication_slots()"),
                    context.standbys, "(one per standby)");
}

Finding connections(const Context& context) {
    static constexpr std::int64_t wanted = 3;
    const std::int64_t used = count("SELECT sum(numbackends)::bigint FROM pg_stat_database");
    const std::int64_t kept = count(
        "SELECT sum(setting::bigint)::bigint FROM pg_show_all_settings()"
        " WHERE name IN ('superuser_reserved_connections', 'reserved_connections')");
    const Setting& setting = context.setting("max_connections");
    const std::int64_t allowed = pg::whole(setting.value).value_or(0);
    const std::string detail = fmt::format("max_connections = {}, {} in use, {} reserved.", allowed, used, kept);
    if (allowed - kept - used >= wanted) return ok(detail);
    return warning(detail + " Replication has slots of its own, but the tools may find no connection.",
                   how_to_set(setting, std::to_string(used + kept + 10), true) +
                       " (standbys need at least the same value first)");
}

Finding listen_addresses(const Context& context) {
    return listening(context.setting("listen_addresses"), context.address.value_or(""));
}

Finding read_only(const Context& context) {
    const Setting& setting = context.setting("default_transaction_read_only");
    if (setting.value != "on") return ok("Transactions are not read-only by default.");
    return error(fmt::format("default_transaction_read_only = on (source: {}).", setting.source),
                 how_to_set(setting, "off", false) + " -- or ALTER DATABASE or ALTER ROLE ... RESET where it is set");
}

Finding restarts(const Context& context) {
    return pending_restart(context.pending_restart,
                           settings::may_read_files() ? std::string() : grant_files(context.caller));
}

// A line whose value waits for a restart counts as not applied as well, and so, without a file, one taken out; pending_restart tells it apart, but is set for
// what the command line fixes, too.
Finding configuration_files(const Context&) {
    const pg::Rows bad = pg::query(R"(
        SELECT f.sourcefile, f.sourceline, coalesce(f.name || ': ', '') || f.error
               || CASE WHEN s.source IN ('command line', 'environment variable')
                       THEN ' (fixed by the ' || s.source || ')' ELSE '' END,
               coalesce(s.source, '') IN ('command line', 'environment variable')
          FROM pg_file_settings f LEFT JOIN pg_settings s ON lower(s.name) = lower(f.name)
         WHERE f.error IS NOT NULL AND f.sourcefile IS NOT NULL
           AND NOT coalesce(s.pending_restart AND s.source NOT IN ('command line', 'environment variable'), false)
         ORDER BY 4, f.seqno)");
    if (bad.rows.empty()) return ok("The configuration files are sound.");
    if (bad.rows.front()[3] == "t")
        return warning(places(bad), "Set these where the server is started, or remove the lines: they have no effect.");
    return error(places(bad), "Mend these lines and run SELECT pg_reload_conf(): the next start of the server may fail.");
}

Finding hba_file(const Context&) {
    const pg::Rows bad = pg::query(fmt::format(
        "SELECT {}, line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL",
        pg::version::has_hba_includes() ? "file_name" : "current_setting('hba_file', true)"));
    if (bad.rows.empty()) return ok("The file of pg_hba.conf rules is sound.");
    return error(places(bad) + " A reload keeps the old rules, and the next start of the server fails.",
                 "Mend these lines and run SELECT pg_reload_conf();");
}

}  // namespace checks
