// What happens to WAL on its way to a standby, and what it does not carry there.
#include <fmt/format.h>

#include "core/health.hpp"
#include "core/name.hpp"
#include "core/synchronous.hpp"
#include "extension/check_topics.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"

namespace checks {

namespace {

// Column 0 of all rows, with commas; at most a few of them.
std::string listed(const pg::Rows& found) {
    static constexpr std::size_t shown = 5;
    std::string result;
    for (std::size_t i = 0; i < found.rows.size() && i < shown; ++i)
        result += (i == 0 ? "" : ", ") + found.rows[i][0].value_or("");
    if (found.rows.size() > shown) result += fmt::format(" and {} more", found.rows.size() - shown);
    return result;
}

}  // namespace

Finding synchronous_standbys(const Context& context) {
    const Setting& setting = context.setting("synchronous_standby_names");
    const auto names = synchronous::parse(setting.value);
    if (!names || names->required == 0) return ok("Commits wait for no standby.");
    const pg::Row row = pg::query(
        "SELECT count(*) FILTER (WHERE sync_priority > 0 AND state IN ('streaming', 'stopping')"
        "                          AND flush_lsn IS NOT NULL),"
        "       count(*) FILTER (WHERE state IS NULL) FROM pg_stat_get_wal_senders()").rows.at(0);
    const std::string detail = fmt::format("synchronous_standby_names = {} wants {} of its standbys",
                                           name::quote_literal(setting.value), names->required);
    if (row[1] != "0")
        return warning(fmt::format("{}; the role {} may not see how many stream.", detail, context.caller),
                       context.grant_monitor());
    if (pg::whole(row[0]).value_or(0) >= names->required) return ok(fmt::format("{}, {} stream.", detail, *row[0]));
    return error(fmt::format("{}, {} can confirm: every commit hangs, also that of CREATE ROLE.", detail, *row[0]),
                 how_to_set(setting, "", false) + " -- until these standbys stream");
}

Finding archiver(const Context& context) {
    const std::string& mode = context.setting("archive_mode").value;
    if (mode == "off") return ok("WAL is not archived.");
    const pg::Row row = pg::query(
        "SELECT last_failed_time > coalesce(last_archived_time, '-infinity'), failed_count, last_failed_wal"
        "  FROM pg_stat_get_archiver()").rows.at(0);
    if (row[0] != "t") return ok(fmt::format("archive_mode = {}, and the last attempt succeeded.", mode));
    return warning(fmt::format("Archiving fails at {} ({} failures): WAL piles up on this server.",
                               row[2].value_or("?"), row[1].value_or("?")),
                   "SELECT * FROM pg_stat_archiver; -- the server log has the message of archive_command");
}

Finding slot_retention(const Context& context) {
    const Setting& setting = context.setting("max_slot_wal_keep_size");
    if (setting.value != "-1") return ok(fmt::format("Slots retain at most {} MB of WAL.", setting.value));
    return warning("max_slot_wal_keep_size = -1: the slot of a standby that stays away fills the disk of this server.",
                   how_to_set(setting, "10GB", false));
}

Finding inactive_slots(const Context&) {
    const pg::Rows found = pg::query(R"(
        SELECT s.slot_name, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
                                                 THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                                                 ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint
          FROM pg_get_replication_slots() s
         WHERE NOT s.active AND NOT s.temporary AND s.restart_lsn IS NOT NULL ORDER BY 2 DESC, 1)");
    if (found.rows.empty()) return ok("No slot retains WAL that nobody fetches.");
    return warning(fmt::format("Nobody uses these slots: {}; they retain up to {} of WAL.", listed(found),
                               health::bytes(pg::whole(found.rows.front()[1]).value_or(0))),
                   fmt::format("SELECT * FROM replica.drop_slot({}); -- if its standby never comes back",
                               name::quote_literal(found.rows.front()[0].value_or(""))));
}

Finding full_page_writes(const Context& context) {
    const Setting& setting = context.setting("full_page_writes");
    if (setting.value == "on") return ok("full_page_writes = on.");
    return warning("full_page_writes = off: pg_rewind refuses, and a crash may leave torn pages.",
                   how_to_set(setting, "on", false));
}

Finding rewind(const Context& context) {
    if (context.setting("data_checksums").value == "on") return ok("Data checksums are on.");
    const Setting& setting = context.setting("wal_log_hints");
    if (setting.value == "on") return ok("wal_log_hints = on; data checksums are off, so damaged pages go unnoticed.");
    if (context.waits_for_restart("wal_log_hints"))
        return warning("wal_log_hints = on waits for a restart: until then pg_rewind cannot bring back a former primary.",
                       "Restart the server.");
    return warning("Neither data checksums nor wal_log_hints are on: pg_rewind cannot bring back a former primary.",
                   how_to_set(setting, "on", true));
}

Finding unlogged_tables(const Context&) {
    const pg::Row row = pg::query(R"(
        SELECT count(*), (coalesce(sum(greatest(relpages, 0)), 0) * current_setting('block_size')::bigint)::bigint
          FROM pg_class WHERE relpersistence = 'u' AND relkind IN ('r', 'm'))").rows.at(0);
    if (row[0] == "0") return ok("This database has no unlogged tables.");
    return warning(fmt::format("This database has {} unlogged table(s), {} when last analyzed: they are empty on every "
                               "standby.",
                               *row[0], health::bytes(pg::whole(row[1]).value_or(0))),
                   "SELECT oid::regclass FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'; "
                   "-- then ALTER TABLE ... SET LOGGED");
}

Finding tablespaces(const Context&) {
    const pg::Rows found = pg::query(
        "SELECT quote_ident(spcname) || ' at ' || pg_tablespace_location(oid) FROM pg_tablespace"
        " WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname COLLATE \"C\"");
    if (found.rows.empty()) return ok("There are no tablespaces outside of the data directory.");
    return warning(fmt::format("Tablespaces outside of the data directory: {}.", listed(found)),
                   "Give a standby on the same host other places: --tablespace-mapping=OLDDIR=NEWDIR.");
}

Finding standby_names(const Context& context) {
    const pg::Rows found = pg::query(R"(
        SELECT quote_ident(a.application_name), w.state IS NULL
          FROM pg_stat_get_wal_senders() w JOIN pg_stat_get_activity(NULL) a ON a.pid = w.pid
         WHERE w.state IS NULL OR w.replay_lsn IS NOT NULL AND a.datid IS NULL
         GROUP BY 1, 2 HAVING count(*) > 1 OR w.state IS NULL ORDER BY 2 DESC, 1)");
    if (found.rows.empty()) return ok("Every connected standby has an application_name of its own.");
    if (found.rows.front()[1] == "t")
        return warning(fmt::format("The role {} may not see the names of the standbys.", context.caller),
                       context.grant_monitor());
    return warning(fmt::format("Several standbys share a name: {}.", listed(found)),
                   "Set application_name in primary_conninfo, or cluster_name, on each standby to a name of its own.");
}

}  // namespace checks
