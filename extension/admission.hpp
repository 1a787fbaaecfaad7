// Lines of pg_hba.conf that let standbys in: one line, where it takes effect, checked by the server before it
// counts.
#pragma once

#include "extension/server/function.hpp"

namespace admission {

// replica.allow_standby(role_name, address, connection_type, auth_method, allow_wide, dry_run)
pg::Rows allow(const pg::Arguments& arguments);

// replica.disallow_standby(role_name, address, dry_run): takes out a line that allow added, and no other.
pg::Rows disallow(const pg::Arguments& arguments);

}  // namespace admission
