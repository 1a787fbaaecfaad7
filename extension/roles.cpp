#include "extension/roles.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/rewind_role.hpp"
#include "extension/role_password.hpp"
#include "extension/role_rights.hpp"
#include "extension/server/lock.hpp"
#include "extension/server/query.hpp"
#include "extension/server/role.hpp"
#include "extension/server/transaction.hpp"

namespace roles {

namespace {

constexpr const char* mark = "pg_replica: replication role";

struct Wanted {
    std::string name;
    pg::Value password;
    std::optional<std::int64_t> limit;
    pg::Value valid_until;
};

struct Role {
    bool superuser;
    bool login;
    bool replication;
    std::int64_t limit;  // -1: none
    pg::Value valid_until;
    bool expired;
    bool ours;
    bool wanted_earlier;  // the wanted valid_until ends before the present one
    bool wanted_later;
    std::string password;  // its kind
};

std::optional<Role> find(const std::string& name, const pg::Value& wanted_until = {}) {
    const pg::Rows found = pg::query(R"(
        SELECT rolsuper, rolcanlogin, rolreplication, rolconnlimit, rolvaliduntil,
               coalesce(rolvaliduntil <= clock_timestamp(), false),
               coalesce(starts_with(shobj_description(oid, 'pg_authid'), $3), false),
               coalesce($2::timestamptz < coalesce(rolvaliduntil, 'infinity'), false),
               coalesce($2::timestamptz > rolvaliduntil, false)
          FROM pg_catalog.pg_roles WHERE rolname::text = $1)",
                                     {name, wanted_until, mark});
    if (found.rows.empty()) return std::nullopt;
    const pg::Row& row = found.rows.front();
    const auto is = [&row](int column) { return row[column] == "t"; };
    return Role{is(0), is(1), is(2), std::stoll(*row[3]),           row[4], is(5),
                is(6), is(7), is(8), pg::stored_password_kind(name)};
}

void check_limit(std::optional<std::int64_t> limit) {
    if (!limit || *limit >= 1 || *limit == -1) return;
    throw core::Error(
        core::sqlstate::invalid_parameter_value, fmt::format("connection limit {} lets nobody in", *limit),
        "A clone needs two connections at once, a standby one.", "Pass at least 2, or -1 for no limit.");
}

void check_valid_until(const pg::Value& until) {
    if (!until || pg::query_value("SELECT $1::timestamptz > clock_timestamp()", {until}) == "t") return;
    throw core::Error(core::sqlstate::invalid_parameter_value, "valid_until is in the past",
                      fmt::format("The password would have expired on {}.", *until),
                      "Pass a time in the future, or 'infinity'.");
}

Wanted read(const pg::Arguments& arguments) {
    Wanted wanted{arguments.required(0, "role_name"), arguments.text(1), arguments.integer(2),
                  arguments.text(3)};
    name::check_role(wanted.name);
    if (wanted.password) check_password(*wanted.password);
    check_limit(wanted.limit);
    check_valid_until(wanted.valid_until);
    return wanted;
}

std::string limit_and_end(const Wanted& wanted) {
    std::string clauses;
    if (wanted.limit) clauses += fmt::format(" CONNECTION LIMIT {}", *wanted.limit);
    if (wanted.valid_until)
        clauses += fmt::format(" VALID UNTIL {}", name::quote_literal(*wanted.valid_until));
    return clauses;
}

void make(const Wanted& wanted) {
    check_rights_to_create();
    const std::string role = name::quote_identifier(wanted.name);
    pg::create_role(fmt::format("CREATE ROLE {} LOGIN REPLICATION{}", role, limit_and_end(wanted)),
                    wanted.password);
    pg::query(fmt::format("COMMENT ON ROLE {} IS '{}, created by replica.create_role'", role, mark));
}

void refuse_to_take_away(const Wanted& wanted, const Role& role) {
    const bool lower_limit =
        wanted.limit && *wanted.limit != -1 && (role.limit == -1 || *wanted.limit < role.limit);
    if (!lower_limit && !role.wanted_earlier) return;
    const std::string present_limit = role.limit == -1 ? "none" : std::to_string(role.limit);
    throw core::Error(
        core::sqlstate::object_not_in_prerequisite_state,
        fmt::format("role \"{}\" already has more than is asked", wanted.name),
        fmt::format(
            "Its connection limit is {}, its password is valid until {}; replica.create_role never takes an "
            "attribute away.",
            present_limit, role.valid_until.value_or("infinity")),
        fmt::format("Run ALTER ROLE {}{};", name::quote_identifier(wanted.name), limit_and_end(wanted)));
}

// What is too small in a role of ours, for ALTER ROLE.
std::string missing_of(const Wanted& wanted, const Role& role) {
    std::string clauses;
    if (!role.login) clauses += " LOGIN";
    if (!role.replication) clauses += " REPLICATION";
    if (wanted.limit && *wanted.limit != role.limit)
        clauses += fmt::format(" CONNECTION LIMIT {}", *wanted.limit);
    if (role.wanted_later)
        clauses += fmt::format(" VALID UNTIL {}", name::quote_literal(*wanted.valid_until));
    return clauses;
}

// Rights come before the lock and before the first hash; who changes nothing needs neither: nobody without rights makes others
// wait.
void prepare_to_change(const Wanted& wanted, const std::optional<Role>& role) {
    if (!role) {
        check_rights_to_create();
    } else {
        const bool changes = wanted.password || !missing_of(wanted, *role).empty();
        if (!role->ours || role->superuser || !changes) return;
        check_rights_to_alter(wanted.name);
    }
    pg::lock_cluster_wide(pg::Lockable::roles);
    if (wanted.password) refuse_empty_password(*wanted.password);
}

// Raises what is too small in a role of ours; true when its password was changed as well.
bool complete(const Wanted& wanted, const Role& role) {
    refuse_to_take_away(wanted, role);
    const std::string clauses = missing_of(wanted, role);
    // rights come before the comparison: it must not help to guess a password
    if (!clauses.empty() || wanted.password) check_rights_to_alter(wanted.name);
    // the mark is no proof: a comment may be others', and so may the password be
    if (!role.login || !role.replication) {
        refuse_held(wanted.name);
        if (!wanted.password) refuse_old_password(wanted.name);
    }
    const bool new_password = wanted.password && !pg::has_password(wanted.name, *wanted.password);
    if (clauses.empty() && !new_password) return false;
    pg::alter_role(fmt::format("ALTER ROLE {}{}", name::quote_identifier(wanted.name), clauses),
                   new_password ? wanted.password : std::nullopt);
    return new_password;
}

struct Differences {
    std::string facts;
    std::string clauses;

    void add(const std::string& fact, const std::string& clause) {
        facts += ' ' + fact;
        clauses += ' ' + clause;
    }
};

Differences differences(const Wanted& wanted, const Role& role) {
    const bool limit_too_low = role.limit == 0 || (wanted.limit && role.limit != -1 &&
                                                   (*wanted.limit == -1 || role.limit < *wanted.limit));
    const std::string until = role.valid_until.value_or("infinity");
    Differences found;
    if (!role.login) found.add("It has NOLOGIN.", "LOGIN");
    if (!role.replication) found.add("It has NOREPLICATION.", "REPLICATION");
    if (limit_too_low)
        found.add(fmt::format("Its connection limit is {}.", role.limit),
                  fmt::format("CONNECTION LIMIT {}", wanted.limit.value_or(-1)));
    if (role.expired || role.wanted_earlier || role.wanted_later)
        found.add(
            fmt::format("Its password is valid until {}.", until),
            fmt::format("VALID UNTIL {}", name::quote_literal(wanted.valid_until.value_or("infinity"))));
    if (wanted.password) found.facts += " Its password is not known to be the given one.";
    return found;
}

void refuse_superuser(const std::string& role_name, const Role& role) {
    if (!role.superuser) return;
    throw core::Error(core::sqlstate::duplicate_object, fmt::format("role \"{}\" is a superuser", role_name),
                      "pg_replica neither alters nor drops superusers.", "Choose another role name.");
}

// A role of somebody else is good as it is, or is left alone.
void accept_or_refuse(const Wanted& wanted, const Role& role) {
    const Differences found = differences(wanted, role);
    if (found.facts.empty()) return;
    const std::string quoted = name::quote_identifier(wanted.name);
    std::string hint = "Choose another role name";
    if (!found.clauses.empty()) hint += fmt::format(", or run ALTER ROLE {}{}", quoted, found.clauses);
    if (wanted.password) hint += fmt::format(", or set its password with \\password {} in psql", quoted);
    throw core::Error(
        core::sqlstate::duplicate_object,
        fmt::format("role \"{}\" exists and was not created by pg_replica", wanted.name),
        found.facts.substr(1),
        fmt::format("{}, or hand it over with COMMENT ON ROLE {} IS '{}';", hint, quoted, mark));
}

pg::Value password_note(const Role& role) {
    if (role.password == "none") return "only methods without a password can let it in, for example cert";
    if (role.password == "md5") return "rules with scram-sha-256 refuse it; pass the password again";
    if (role.expired) return "has expired; pass valid_until";
    return std::nullopt;
}

pg::Value limit_note(const Role& role) {
    if (role.limit == 0) return "nobody can connect; pass connection_limit";
    if (role.limit == 1) return "a clone needs two connections at once";
    return std::nullopt;
}

pg::Rows report(const std::optional<Role>& before, const Role& after, bool new_password) {
    const auto row = [](const char* attribute, const pg::Value& old, const pg::Value& now, pg::Value note) {
        return pg::Row{attribute, old, now, pg::boolean(old != now), std::move(note)};
    };
    const auto of = [&before](auto member) { return before ? member(*before) : pg::Value(); };
    const auto login = [](const Role& role) { return pg::Value(role.login ? "true" : "false"); };
    const auto replication = [](const Role& role) { return pg::Value(role.replication ? "true" : "false"); };
    const auto password = [](const Role& role) { return pg::Value(role.password); };
    const auto limit = [](const Role& role) { return pg::Value(std::to_string(role.limit)); };
    const auto until = [](const Role& role) { return pg::Value(role.valid_until.value_or("infinity")); };
    pg::Rows rows;
    rows.rows = {row("login", of(login), login(after), std::nullopt),
                 row("replication", of(replication), replication(after), "reads all data of the cluster"),
                 row("password", of(password), password(after), password_note(after)),
                 row("connection_limit", of(limit), limit(after), limit_note(after)),
                 row("valid_until", of(until), until(after), std::nullopt)};
    if (new_password) rows.rows[2][3] = pg::boolean(true);
    return rows;
}

void refuse_in_use(const std::string& role_name) {
    const pg::Value pids = pg::query_value(
        "SELECT string_agg(pid::text, ', ' ORDER BY pid) FROM pg_catalog.pg_stat_replication r "
        "JOIN pg_catalog.pg_roles u ON u.oid = r.usesysid WHERE u.rolname::text = $1",
        {role_name});
    if (!pids) return;
    throw core::Error(core::sqlstate::object_in_use, fmt::format("role \"{}\" is in use", role_name),
                      fmt::format("It streams with the process IDs {}.", *pids),
                      "Stop the standbys that use it first; see the view replica.standbys.");
}

void refuse_foreign(const std::string& role_name, const Role& role) {
    if (role.ours || rewind_role::is_one(role_name)) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("role \"{}\" was not created by pg_replica", role_name),
                      "replica.drop_role drops only roles that replica.create_role or replica.create_rewind_role created.",
                      fmt::format("Run DROP ROLE {};", name::quote_identifier(role_name)));
}

}  // namespace

pg::Rows create(const pg::Arguments& arguments) {
    const Wanted wanted = read(arguments);
    pg::refuse_in_recovery("replica.create_role");
    pg::refuse_read_only("CREATE ROLE");
    prepare_to_change(wanted, find(wanted.name, wanted.valid_until));
    const auto before = find(wanted.name, wanted.valid_until);
    bool new_password = wanted.password.has_value();
    if (!before) {
        make(wanted);
    } else {
        refuse_superuser(wanted.name, *before);
        if (!before->ours) accept_or_refuse(wanted, *before);
        new_password = before->ours && complete(wanted, *before);
    }
    return report(before, find(wanted.name).value(), new_password);
}

pg::Rows drop(const pg::Arguments& arguments) {
    const std::string role_name = arguments.required(0, "role_name");
    pg::refuse_in_recovery("replica.drop_role");
    if (!find(role_name)) return {{{role_name, pg::boolean(false)}}};
    check_rights_to_drop(role_name);
    pg::lock_cluster_wide(pg::Lockable::roles);
    const auto role = find(role_name);
    if (!role) return {{{role_name, pg::boolean(false)}}};
    refuse_superuser(role_name, *role);
    refuse_foreign(role_name, *role);
    refuse_in_use(role_name);
    if (!role->ours) rewind_role::revoke(role_name);
    pg::query("DROP ROLE " + name::quote_identifier(role_name));
    return {{{role_name, pg::boolean(true)}}};
}

}  // namespace roles
