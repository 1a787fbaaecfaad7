// The rights that replication roles take, said before the first change. PostgreSQL 13 to 15: superuser; from
// 16: CREATEROLE and REPLICATION, and ADMIN OPTION on a role that exists (sql-createrole, sql-alterrole).
#pragma once

#include <string>
#include <string_view>

namespace roles {

// Throw core::Error (42501) that names everything missing at once, with the command that grants it.
void check_rights_to_create();
void check_rights_to_alter(const std::string& role);
void check_rights_to_drop(const std::string& role);

// Throws core::Error (55000) while a role other than a superuser or the caller can act as the role: it has ADMIN OPTION on
// it, or can SET ROLE to it, and so could set its password. power: what the role is about to be able to do.
void refuse_held(const std::string& role, std::string_view power = "with REPLICATION reads all data of the cluster");

// Throws core::Error (55000): a role that lacks LOGIN or REPLICATION gets them with a new password only, as whoever
// planted it with our mark knows the old one.
[[noreturn]] void refuse_old_password(const std::string& role);

}  // namespace roles
