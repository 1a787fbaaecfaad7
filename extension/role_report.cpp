#include "extension/role_report.hpp"

#include <fmt/format.h>

#include "core/replication_role.hpp"
#include "extension/server/number.hpp"
#include "extension/server/query.hpp"

namespace role_report {

namespace {

// The hash itself is not looked at, but for its kind.
constexpr const char* password_kind = R"(
    (SELECT CASE WHEN a.rolpassword IS NULL THEN 'none' WHEN a.rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram-sha-256'
                 ELSE 'md5' END
       FROM pg_authid a WHERE a.oid = r.oid))";

constexpr const char* statement = R"(
    SELECT r.rolname, r.rolsuper, r.rolreplication, r.rolcanlogin, {password}, r.rolvaliduntil, r.rolconnlimit,
           (SELECT count(*) FROM pg_stat_get_activity(NULL) a WHERE a.usesysid = r.oid),
           (SELECT count(*) FROM pg_stat_get_wal_senders() w JOIN pg_stat_get_activity(NULL) a ON a.pid = w.pid
             WHERE a.usesysid = r.oid),
           coalesce(starts_with(shobj_description(r.oid, 'pg_authid'), 'pg_replica: replication role'), false),
           coalesce(r.rolvaliduntil <= now(), false)
      FROM pg_roles r WHERE r.rolsuper OR r.rolreplication
     ORDER BY r.rolsuper DESC, r.rolname COLLATE "C")";

enum Column { name, superuser, replication, login, password, valid_until, limit, connections, streaming, ours, expired };

bool may_see_passwords() { return pg::query_value("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')") == "t"; }

std::string meaning(const pg::Row& row) {
    const checks::Role role{row[name].value_or(""),     row[login] == "t",
                            row[replication] == "t",    row[superuser] == "t",
                            row[expired] == "t",        row[valid_until].value_or(""),
                            pg::whole(row[limit]).value_or(-1), pg::whole(row[connections]).value_or(0)};
    return checks::meaning(role, row[password]);
}

}  // namespace

pg::Rows list(const pg::Arguments&) {
    pg::Rows rows = pg::query(fmt::format(statement, fmt::arg("password", may_see_passwords() ? password_kind : "NULL::text")));
    for (pg::Row& row : rows.rows) {
        std::string text = meaning(row);
        row.back() = std::move(text);
    }
    return rows;
}

}  // namespace role_report
