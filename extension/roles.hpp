// Replication roles: LOGIN and REPLICATION, nothing more, and never a role that somebody else made.
#pragma once

#include "extension/server/function.hpp"

namespace roles {

// replica.create_role(role_name, password, connection_limit, valid_until): creates a replication role, or
// completes one that it created (told by its comment); never takes an attribute away. One row for each
// attribute. password: a SCRAM verifier, a plain password, or NULL for none (a new role) or the present one.
pg::Rows create(const pg::Arguments& arguments);

// replica.drop_role(role_name): drops a role that create made and that no walsender uses.
pg::Rows drop(const pg::Arguments& arguments);

}  // namespace roles
