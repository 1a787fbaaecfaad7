// Whom the server lets in: the role of the standbys and the line of pg_hba.conf that decides about it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "core/name.hpp"
#include "extension/check_topics.hpp"
#include "extension/server/query.hpp"

namespace checks {

namespace {

Finding not_asked() { return ok("Not checked: no role_name was given."); }

Finding no_such_role(const Context& context) {
    return error(fmt::format("Role \"{}\" does not exist.", *context.role_name),
                 fmt::format("SELECT * FROM replica.create_role({});", name::quote_literal(*context.role_name)));
}

// Runs one of the checks of core/check.hpp on the role, if there is one.
template <class Judge>
Finding of_role(const Context& context, Judge judge) {
    if (!context.role_name) return not_asked();
    return context.role ? judge(*context.role) : no_such_role(context);
}

std::string origin(const Context& context) {
    if (!context.address) return "a Unix-domain socket";
    return fmt::format("{}, {} TLS", *context.address, context.tls ? "with" : "without");
}

std::string arguments(const Context& context) {
    return fmt::format("{}, {}", name::quote_literal(*context.role_name),
                       context.address ? name::quote_literal(*context.address) : "NULL");
}

// The GRANTs of what the caller lacks for replica.hba_decision; empty when nothing is missing.
std::string missing_grants(const Context& context) {
    static constexpr const char* decide = "FUNCTION replica.hba_decision(text, text, boolean, text)";
    static constexpr const char* read = "FUNCTION pg_catalog.pg_hba_file_rules()";
    const pg::Row may = pg::query(
        "SELECT has_function_privilege('replica.hba_decision(text, text, boolean, text)', 'EXECUTE'),"
        "       has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT'),"
        "       has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')").rows.at(0);
    std::vector<std::string> grants;
    if (may[0] != "t") grants.push_back(fmt::format("GRANT EXECUTE ON {} TO {};", decide, context.caller));
    if (may[1] != "t") grants.push_back(fmt::format("GRANT SELECT ON pg_catalog.pg_hba_file_rules TO {};", context.caller));
    if (may[2] != "t") grants.push_back(fmt::format("GRANT EXECUTE ON {} TO {};", read, context.caller));
    return fmt::format("{}", fmt::join(grants, " "));
}

Finding cannot_decide(const Context& context, const std::string& show) {
    const std::string grants = missing_grants(context);
    return warning(fmt::format("The rules of pg_hba.conf could not be evaluated by the role {}.", context.caller),
                   grants.empty() ? show + " -- says why" : grants);
}

}  // namespace

Finding role(const Context& context) {
    return of_role(context, [](const Role& role) { return ok(fmt::format("Role \"{}\" exists.", role.name)); });
}

Finding login(const Context& context) { return of_role(context, role_login); }

Finding replication(const Context& context) { return of_role(context, role_replication); }

Finding expiry(const Context& context) {
    return of_role(context, [&context](const Role& role) {
        return role_expiry(role, context.decision ? context.decision->method : std::nullopt);
    });
}

Finding connection_limit(const Context& context) {
    return of_role(context, [&context](const Role& role) { return role_connections(role, sessions_for(context.standbys)); });
}

Finding password(const Context& context) {
    return of_role(context, [&context](const Role& role) {
        const pg::Value stored =
            pg::query_value("SELECT rolpassword FROM pg_authid WHERE rolname = $1", {role.name});
        return role_password(role.name, stored, context.decision ? context.decision->method : std::nullopt);
    });
}

Finding admission(const Context& context) {
    if (!context.role_name) return not_asked();
    const std::string show = fmt::format("SELECT * FROM replica.hba_decision({}, tls => {});", arguments(context),
                                         context.tls ? "true" : "false");
    if (!context.decision) return cannot_decide(context, show);
    const Decision& decision = *context.decision;
    const std::string detail =
        fmt::format("Replication by role \"{}\" from {}: {}{}.", *context.role_name, origin(context), decision.verdict,
                    decision.place.empty() ? "" : " by " + decision.place);
    if (decision.verdict == "accept") return ok(fmt::format("{} Method {}.", detail, decision.method.value_or("?")));
    if (decision.verdict == "reject" || decision.verdict == "no match")
        return error(detail, fmt::format("SELECT * FROM replica.allow_standby({});", arguments(context)));
    return warning(fmt::format("{} {}", detail, decision.explanation), show);
}

}  // namespace checks
