// What lies on the disk of this server: room for WAL, files that a copy would fail on, damage that nobody would see.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/health.hpp"
#include "core/name.hpp"
#include "extension/check_topics.hpp"
#include "extension/server/directory.hpp"
#include "extension/server/host.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace checks {

namespace {

std::string some(const std::vector<std::string>& names, std::int64_t count) {
    const auto more = count - static_cast<std::int64_t>(names.size());
    return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

// The databases whose collation changed since their indexes were made; before PostgreSQL 15 nothing is recorded.
pg::Rows changed_databases() {
    if (!pg::version::has_database_collation_version()) return {};
    return pg::query(R"(
        SELECT quote_ident(datname), datname = current_database() FROM pg_database
         WHERE datallowconn AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)
           AND datcollversion IS NOT NULL ORDER BY 2 DESC, datname COLLATE "C")");
}

// Only what an index of this database sorts by is asked for: opening hundreds of collations takes its time.
pg::Row changed_indexes(bool of_database) {
    return pg::query(R"(
        WITH used AS (SELECT DISTINCT c FROM pg_index, unnest(indcollation::oid[]) c WHERE c <> 0),
             changed AS (SELECT o.oid, quote_ident(n.nspname) || '.' || quote_ident(o.collname) AS name
                           FROM pg_collation o JOIN used ON used.c = o.oid JOIN pg_namespace n ON n.oid = o.collnamespace
                          WHERE o.collversion <> pg_collation_actual_version(o.oid) OR $1::boolean AND o.collname = 'default')
        SELECT (SELECT count(*) FROM pg_index WHERE indcollation::oid[] && (SELECT array_agg(oid) FROM changed)),
               (SELECT string_agg(name, ', ' ORDER BY name COLLATE "C") FROM changed
                 WHERE name <> 'pg_catalog."default"'))", {pg::boolean(of_database)}).rows.at(0);
}

std::string column(const pg::Rows& found) {
    std::string names;
    for (const pg::Row& row : found.rows) names += (names.empty() ? "" : ", ") + row[0].value_or("");
    return names;
}

}  // namespace

Finding wal_space(const Context& context) {
    const auto space = host::space_at("pg_wal");
    if (!space)
        return warning("The free space of pg_wal cannot be read.", "Look at the file system of pg_wal on the server's host.");
    const Setting& bound = context.setting("max_slot_wal_keep_size");
    const std::int64_t slots = pg::whole(pg::query_value("SELECT count(*) FROM pg_get_replication_slots()")).value_or(0);
    return room_for_wal(bound, space->free, space->total, slots);
}

Finding data_directory(const Context&) {
    static constexpr double seconds = 2;
    const directory::Survey survey = directory::survey(seconds);
    if (survey.unreadable_files > 0)
        return error(fmt::format("The server cannot read these files of its data directory: {}. A copy of it fails there.",
                                 some(survey.unreadable, survey.unreadable_files)),
                     "Give them to the server's operating system user, or move them elsewhere.");
    if (survey.foreign_files > 0)
        return warning(fmt::format("The server cannot write these files of another user in its data directory: {}.",
                                   some(survey.foreign, survey.foreign_files)),
                       "Give them to the server's operating system user.");
    return ok(fmt::format("The server can read {} files of its data directory.",
                          survey.complete ? "all" : fmt::format("the first {}", survey.files)));
}

Finding collations(const Context&) {
    const pg::Rows databases = changed_databases();
    const bool this_one = !databases.rows.empty() && databases.rows.front()[1] == "t";
    const pg::Row indexes = changed_indexes(this_one);
    if (databases.rows.empty() && indexes[0] == "0")
        return ok("Collations have the versions that indexes were made with, as far as they are recorded.");
    std::string detail = "The sort order of this host is another than when indexes were made:";
    if (!databases.rows.empty()) detail += fmt::format(" databases {};", column(databases));
    if (indexes[1]) detail += fmt::format(" collations {};", *indexes[1]);
    detail += fmt::format(" {} indexes of this database may be wrong, here and on every standby.", *indexes[0]);
    const std::string refresh = this_one ? fmt::format("ALTER DATABASE {} REFRESH COLLATION VERSION;", *databases.rows[0][0])
                                         : "ALTER COLLATION ... REFRESH VERSION;";
    return warning(detail, "In each database: REINDEX the indexes, then " + refresh);
}

Finding data_checksums(const Context& context) {
    if (context.setting("data_checksums").value == "on") return ok("data_checksums = on.");
    return warning("data_checksums = off: damaged pages are copied to standbys unnoticed.",
                   "Stop the server and run pg_checksums --enable; clone standbys again afterwards.");
}

}  // namespace checks
