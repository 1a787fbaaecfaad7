#include "tool/shared_ground.hpp"

#include <chrono>

namespace shared_ground {

namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void read_clock(tool::Link& primary, Facts& facts) {
    const double before = now();
    const auto server = primary.value("SELECT extract(epoch FROM clock_timestamp())::float8");
    const double after = now();
    if (server) facts.ahead = certainly_ahead(std::strtod(server->c_str(), nullptr), before, after);
}

// Before PostgreSQL 15 a database had no provider but the C library: to_jsonb asks for the column only where it exists. The
// C library records its own version for each of its collations, whether or not it can be opened.
void read_collations(tool::Link& primary, Facts& facts) {
    const auto rows = primary.query(R"(
        WITH sorting AS (
            SELECT oid FROM pg_collation WHERE collprovider = 'c' AND collcollate !~ '^(C|POSIX)([.]|$)'
            UNION ALL
            SELECT 100 FROM pg_database AS d
             WHERE d.datname = current_database() AND d.datcollate !~ '^(C|POSIX)([.]|$)'
               AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c')
        SELECT (SELECT max(pg_collation_actual_version(oid)) FROM sorting) AS version,
               (SELECT count(*) FROM pg_index
                 WHERE EXISTS (SELECT FROM unnest(indcollation::oid[]) AS used JOIN sorting ON sorting.oid = used)) AS indexes)");
    facts.libc_version = rows.at(0, "version").value_or("");
    facts.libc_indexes = tool::number(rows.at(0, "indexes"));
}

void read_unlogged(tool::Link& primary, Facts& facts) {
    const auto rows = primary.query(R"(
        SELECT count(*) AS tables, string_agg(oid::regclass::text, ', ' ORDER BY oid) FILTER (WHERE place <= 5) AS some
          FROM (SELECT oid, row_number() OVER (ORDER BY oid) AS place FROM pg_class
                 WHERE relpersistence = 'u' AND relkind IN ('r', 'm')) AS unlogged)");
    facts.unlogged_tables = tool::number(rows.at(0, "tables"));
    facts.some_unlogged = rows.at(0, "some").value_or("");
}

}  // namespace

double certainly_ahead(double server, double before, double after) {
    if (server > after) return server - after;
    if (server < before) return server - before;
    return 0;
}

Facts gather(tool::Link& primary) {
    Facts facts;
    read_clock(primary, facts);
    read_collations(primary, facts);
    read_unlogged(primary, facts);
    return facts;
}

}  // namespace shared_ground
