// A role for pg_rewind: LOGIN and EXECUTE on the four functions with which it reads a running source's files (app-pgrewind).
#pragma once

#include "extension/server/function.hpp"

namespace rewind_role {

// replica.create_rewind_role(role_name, password): creates such a role, or completes one that it created (told by its comment).
// One row for each attribute and grant. The grants are those of the database of the call. Superusers only.
pg::Rows create(const pg::Arguments& arguments);

// Whether create made the role, as its comment says.
bool is_one(const std::string& role_name);

// Throws core::Error (42501) unless the caller can take the grants away; then takes away those of this database, which
// stand in the way of DROP ROLE.
void revoke(const std::string& role_name);

}  // namespace rewind_role
