#include "extension/marker.hpp"

#include "core/name.hpp"
#include "extension/server/query.hpp"
#include "extension/server/transaction.hpp"

namespace marker {

namespace {

std::string standby_name(const pg::Arguments& arguments) {
    std::string name = arguments.required(0, "standby_name");
    name::check_plain("standby", name);
    return name;
}

}  // namespace

pg::Rows write(const pg::Arguments& arguments) {
    const std::string standby = standby_name(arguments);
    pg::refuse_in_recovery("replica.write_marker");
    const pg::Rows written = pg::query(
        "INSERT INTO replica.marker AS m (standby_name, token, written_at)"
        " VALUES ($1, pg_catalog.gen_random_uuid()::text, pg_catalog.clock_timestamp())"
        " ON CONFLICT (standby_name) DO UPDATE SET token = excluded.token, written_at = excluded.written_at"
        " RETURNING token, written_at",
        {standby});
    // only a second statement sees the end of what the first one logged
    const pg::Value end = pg::query_value("SELECT pg_catalog.pg_current_wal_insert_lsn()");
    const pg::Row& row = written.rows.at(0);
    return {{{row[0], end, row[1]}}};
}

pg::Rows read(const pg::Arguments& arguments) {
    return pg::query("SELECT token, written_at FROM replica.marker WHERE standby_name = $1",
                     {standby_name(arguments)});
}

}  // namespace marker
