// Who can replicate, and what that means.
#pragma once

#include "extension/server/function.hpp"

namespace role_report {

// replica.list_replication_roles(): one row for each superuser and each role with REPLICATION. password is NULL for callers who
// may not read pg_authid.
pg::Rows list(const pg::Arguments& arguments);

}  // namespace role_report
