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

// The locale of ICU moved from column to column: colllocale since 17, colliculocale before, collcollate up to 14.
void read_icu(tool::Link& primary, Facts& facts) {
    const auto rows = primary.query(R"(
        WITH icu AS (
            SELECT oid, coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate) AS locale
              FROM pg_collation AS c WHERE collprovider = 'i'
            UNION ALL
            SELECT 100, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') FROM pg_database AS d
             WHERE datname = current_database() AND to_jsonb(d) ->> 'datlocprovider' = 'i')
        SELECT locale, max(pg_collation_actual_version(icu.oid)) AS icu_version, count(DISTINCT indexrelid) AS indexes
          FROM pg_index, unnest(indcollation::oid[]) AS used JOIN icu ON icu.oid = used
         GROUP BY locale ORDER BY count(DISTINCT indexrelid) DESC, locale LIMIT 20)");
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
        facts.icu_locales.push_back({rows.at(i, "locale").value_or(""), rows.at(i, "icu_version").value_or(""),
                                     tool::number(rows.at(i, "indexes"))});
}

void read_unlogged(tool::Link& primary, Facts& facts) {
    const auto rows = primary.query(R"(
        SELECT count(*) AS tables, string_agg(oid::regclass::text, ', ' ORDER BY oid) FILTER (WHERE place <= 5) AS some
          FROM (SELECT oid, row_number() OVER (ORDER BY oid) AS place FROM pg_class
                 WHERE relpersistence = 'u' AND relkind IN ('r', 'm')) AS unlogged)");
    facts.unlogged_tables = tool::number(rows.at(0, "tables"));
    facts.some_unlogged = rows.at(0, "some").value_or("");
}

// A copy fails at a file that the server cannot read, after hours perhaps; a slot without room for its WAL stops the primary.
void read_remarks(tool::Link& primary, Facts& facts) {
    const auto may_check = primary.value(
        "SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'replica' "
        "AND p.proname = 'check' AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))");
    if (may_check != "t") return;
    const auto rows = primary.query(
        "SELECT status, rtrim(detail, '.') AS detail, hint FROM replica.check() WHERE name IN ('data_directory', 'wal_space') "
        // that nothing bounds the slots is for the preflight itself to say, whether or not the extension is there
        "AND (status = 'error' OR status = 'warning' AND (name <> 'wal_space' OR current_setting('max_slot_wal_keep_size') <> '-1'))");
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
        facts.remarks.push_back({rows.at(i, "status") == "error", rows.at(i, "detail").value_or(""), rows.at(i, "hint").value_or("")});
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
    read_icu(primary, facts);
    read_unlogged(primary, facts);
    read_remarks(primary, facts);
    return facts;
}

}  // namespace shared_ground
