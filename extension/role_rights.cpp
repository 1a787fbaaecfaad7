#include "extension/role_rights.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace roles {

namespace {

struct Caller {
    std::string name;
    bool superuser;
    bool createrole;
    bool replication;
};

Caller caller() {
    const pg::Rows found = pg::query(
        "SELECT rolname, rolsuper, rolcreaterole, rolreplication FROM pg_catalog.pg_roles WHERE rolname = "
        "current_user");
    const pg::Row& row = found.rows.at(0);
    return {row[0].value_or(""), row[1] == "t", row[2] == "t", row[3] == "t"};
}

bool is_admin_of(const std::string& role) {
    return pg::query_value(
               "SELECT pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') FROM pg_catalog.pg_roles "
               "WHERE rolname::text = $1",
               {role}) == "t";
}

void refuse_before_16() {
    throw core::Error(core::sqlstate::insufficient_privilege,
                      "must be superuser to create or alter a replication role",
                      "PostgreSQL 15 and older let only superusers handle roles with REPLICATION.",
                      "Call the function as a superuser.");
}

void refuse(const Caller& caller, const std::string& missing, const std::string& grants) {
    throw core::Error(core::sqlstate::insufficient_privilege,
                      fmt::format("role \"{}\" cannot create or alter replication roles", caller.name),
                      fmt::format("It lacks {}.", missing), fmt::format("Run as a superuser: {}", grants));
}

void check(const Caller& caller, bool is_admin, const std::string& role) {
    if (caller.superuser) return;
    if (!pg::version::has_delegated_replication()) refuse_before_16();
    const std::string self = name::quote_identifier(caller.name);
    std::string attributes, missing, grants;
    if (!caller.createrole) attributes += " CREATEROLE";
    if (!caller.replication) attributes += " REPLICATION";
    if (!attributes.empty()) {
        missing = "the attributes" + attributes;
        grants = fmt::format("ALTER ROLE {}{};", self, attributes);
    }
    if (!is_admin) {
        missing += fmt::format("{}ADMIN OPTION on role \"{}\"", missing.empty() ? "" : " and ", role);
        grants += fmt::format("{}GRANT {} TO {} WITH ADMIN OPTION;", grants.empty() ? "" : " ",
                              name::quote_identifier(role), self);
    }
    if (!missing.empty()) refuse(caller, missing, grants);
}

// Whoever else can act as the role, and what ends that. Since 16 a membership is revoked by the name of who granted it.
pg::Rows holders(const std::string& role) {
    return pg::query(R"(
        SELECT member.rolname, m.admin_option,
               format('REVOKE %s FROM "%s"', $2::text, replace(member.rolname, '"', '""'))
               || CASE WHEN grantor.oid <> 10 THEN format(' GRANTED BY "%s"', replace(grantor.rolname, '"', '""'))
                       ELSE '' END || ' CASCADE;'
          FROM pg_catalog.pg_auth_members m
          JOIN pg_catalog.pg_roles granted ON granted.oid = m.roleid
          JOIN pg_catalog.pg_roles member ON member.oid = m.member
          LEFT JOIN pg_catalog.pg_roles grantor ON grantor.oid = m.grantor
         WHERE granted.rolname::text = $1 AND NOT member.rolsuper AND member.rolname <> current_user
           AND (m.admin_option OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true))
         ORDER BY member.rolname COLLATE "C", 3)",
                     {role, name::quote_identifier(role)});
}

}  // namespace

void refuse_held(const std::string& role, std::string_view power) {
    const pg::Rows found = holders(role);
    if (found.rows.empty()) return;
    std::string facts, revokes;
    for (const pg::Row& row : found.rows) {
        facts += fmt::format("Role \"{}\" {} it. ", row[0].value_or(""),
                             row[1] == "t" ? "has ADMIN OPTION on" : "is a member of");
        revokes += row[2].value_or("") + ' ';
    }
    throw core::Error(
        core::sqlstate::object_not_in_prerequisite_state, fmt::format("role \"{}\" is not in your hands alone", role),
        fmt::format("{}Whoever acts as it can set its password, and {}.", facts, power),
        fmt::format("Run as a superuser: {}or choose another role name.", revokes));
}

void check_rights_to_create() { check(caller(), true, {}); }

void check_rights_to_alter(const std::string& role) { check(caller(), is_admin_of(role), role); }

void check_rights_to_drop(const std::string& role) {
    const Caller who = caller();
    const bool needs_admin = pg::version::has_delegated_replication();
    if (who.superuser || (who.createrole && (!needs_admin || is_admin_of(role)))) return;
    throw core::Error(
        core::sqlstate::insufficient_privilege, fmt::format("role \"{}\" cannot drop role \"{}\"", who.name, role),
        needs_admin ? "That takes CREATEROLE, and ADMIN OPTION on the role." : "That takes CREATEROLE.",
        "Call the function as a superuser.");
}

void refuse_old_password(const std::string& role) {
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("role \"{}\" needs a new password to become a replication role again", role),
                      "It lacks LOGIN or REPLICATION, and who set its present password is not known.",
                      fmt::format("SELECT * FROM replica.create_role({}, 'PASSWORD OR SCRAM VERIFIER');",
                                  name::quote_literal(role)));
}

}  // namespace roles
