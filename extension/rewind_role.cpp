#include "extension/rewind_role.hpp"

#include <fmt/format.h>

#include <array>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/role_password.hpp"
#include "extension/role_rights.hpp"
#include "extension/server/lock.hpp"
#include "extension/server/query.hpp"
#include "extension/server/role.hpp"
#include "extension/server/transaction.hpp"

namespace rewind_role {

namespace {

constexpr const char* mark = "pg_replica: rewind role";

constexpr std::array<const char*, 4> functions = {
    "pg_catalog.pg_ls_dir(text, boolean, boolean)", "pg_catalog.pg_stat_file(text, boolean)",
    "pg_catalog.pg_read_binary_file(text)", "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)"};

struct Role {
    bool superuser, login, replication, ours;
    std::string password;  // its kind
    std::array<bool, functions.size()> granted;

    bool complete() const {
        for (const bool grant : granted)
            if (!grant) return false;
        return login;
    }
};

bool may_execute(const std::string& role, const char* function) {
    return pg::query_value("SELECT has_function_privilege($1::name, $2, 'EXECUTE')", {role, function}) == "t";
}

std::optional<Role> find(const std::string& name) {
    const pg::Rows found = pg::query(
        "SELECT rolsuper, rolcanlogin, rolreplication, coalesce(starts_with(shobj_description(oid, 'pg_authid'), $2), false)"
        "  FROM pg_catalog.pg_roles WHERE rolname::text = $1",
        {name, mark});
    if (found.rows.empty()) return std::nullopt;
    const pg::Row& row = found.rows.front();
    Role role{row[0] == "t", row[1] == "t", row[2] == "t", row[3] == "t", pg::stored_password_kind(name), {}};
    for (std::size_t i = 0; i < functions.size(); ++i) role.granted[i] = may_execute(name, functions[i]);
    return role;
}

void check_rights() {
    if (pg::query_value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user") == "t") return;
    throw core::Error(core::sqlstate::insufficient_privilege, "must be superuser to handle a role for pg_rewind",
                      "Only superusers can grant and revoke the functions that read the server's files.",
                      "Call the function as a superuser.");
}

// A role that is or can more than this one is to be stays what it is.
void refuse_other(const std::string& name, const Role& role) {
    if (role.ours && !role.superuser && !role.replication) return;
    std::string detail;
    if (role.superuser) detail += "It is a superuser. ";
    if (role.replication) detail += "It has REPLICATION. ";
    if (!role.ours) detail += "It was not created by replica.create_rewind_role. ";
    detail.pop_back();
    throw core::Error(core::sqlstate::duplicate_object, fmt::format("role \"{}\" exists and is no role for pg_rewind", name), detail,
                      "Choose another role name: pg_rewind gets a role of its own.");
}

// The mark is a comment that others can write: who planted the role knows its password, or can set it.
void refuse_planted(const std::string& name, bool new_password) {
    roles::refuse_held(name, "reads every file of the data directory");
    if (new_password) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("role \"{}\" needs a new password to become a role for pg_rewind again", name),
                      "It lacks LOGIN or a grant, and who set its present password is not known.",
                      fmt::format("SELECT * FROM replica.create_rewind_role({}, 'PASSWORD OR SCRAM VERIFIER');",
                                  name::quote_literal(name)));
}

void make(const std::string& name, const pg::Value& password) {
    const std::string role = name::quote_identifier(name);
    pg::create_role(fmt::format("CREATE ROLE {} LOGIN", role), password);
    pg::query(fmt::format("COMMENT ON ROLE {} IS '{}, created by replica.create_rewind_role'", role, mark));
}

// True when the password was changed.
bool complete(const std::string& name, const pg::Value& password, const Role& role) {
    if (!role.complete()) refuse_planted(name, password.has_value());
    const bool new_password = password && !pg::has_password(name, *password);
    if (role.login && !new_password) return false;
    pg::alter_role(fmt::format("ALTER ROLE {} LOGIN", name::quote_identifier(name)), new_password ? password : std::nullopt);
    return new_password;
}

void grant(const std::string& name) {
    for (const char* function : functions)
        if (!may_execute(name, function))
            pg::query(fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}", function, name::quote_identifier(name)));
}

pg::Row row(const std::string& attribute, const pg::Value& before, const pg::Value& after, bool changed, pg::Value note) {
    return {attribute, before, after, pg::boolean(changed), std::move(note)};
}

pg::Rows report(const std::optional<Role>& before, const Role& after, bool new_password) {
    const auto text = [](bool value) { return pg::Value(value ? "true" : "false"); };
    const auto changed = [&text](const pg::Value& old, bool now) { return old != text(now); };
    const pg::Value login = before ? text(before->login) : std::nullopt;
    pg::Rows rows;
    rows.rows.push_back(row("login", login, text(after.login), changed(login, after.login), std::nullopt));
    rows.rows.push_back(row("password", before ? pg::Value(before->password) : std::nullopt, after.password,
                            !before || new_password || before->password != after.password,
                            after.password == "none" ? pg::Value("only methods without a password can let it in") : std::nullopt));
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const pg::Value grant = before ? text(before->granted[i]) : std::nullopt;
        rows.rows.push_back(row(fmt::format("EXECUTE ON {}", functions[i]), grant, text(after.granted[i]),
                                changed(grant, after.granted[i]), "reads every file of the data directory, in this database"));
    }
    return rows;
}

}  // namespace

bool is_one(const std::string& role_name) {
    const auto role = find(role_name);
    return role && role->ours;
}

void revoke(const std::string& role_name) {
    check_rights();
    for (const char* function : functions)
        pg::query(fmt::format("REVOKE EXECUTE ON FUNCTION {} FROM {}", function, name::quote_identifier(role_name)));
}

pg::Rows create(const pg::Arguments& arguments) {
    const std::string name = arguments.required(0, "role_name");
    const pg::Value password = arguments.text(1);
    name::check_role(name);
    if (password) roles::check_password(*password);
    pg::refuse_in_recovery("replica.create_rewind_role");
    pg::refuse_read_only("CREATE ROLE");
    check_rights();
    pg::lock_cluster_wide(pg::Lockable::roles);
    if (password) roles::refuse_empty_password(*password);
    const auto before = find(name);
    bool new_password = password.has_value();
    if (!before) {
        make(name, password);
    } else {
        refuse_other(name, *before);
        new_password = complete(name, password, *before);
    }
    grant(name);
    return report(before, find(name).value(), new_password);
}

}  // namespace rewind_role
