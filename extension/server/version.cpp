#include "extension/server/version.hpp"

#include "extension/server/postgres.hpp"

#if PG_VERSION_NUM < 130000 || PG_VERSION_NUM >= 200000
#error "pg_replica supports PostgreSQL 13 to 19"
#endif

namespace pg::version {

int server() { return PG_VERSION_NUM; }

bool has_slot_inactive_since() { return PG_VERSION_NUM >= 170000; }

bool has_parameter_privileges() { return PG_VERSION_NUM >= 150000; }

bool has_hba_includes() { return PG_VERSION_NUM >= 160000; }

}  // namespace pg::version
