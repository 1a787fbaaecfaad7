// What stands in the way of a switchover, decided from facts alone.
#include <fmt/format.h>

#include <cstdlib>

#include "core/name.hpp"
#include "tool/render/progress.hpp"
#include "tool/switching_facts.hpp"

namespace switching {

namespace {

using cloning::Options;
using cloning::PrimaryFacts;
using Findings = std::vector<cloning::Finding>;

void error(Findings& found, std::string message, std::string fix) { found.push_back({true, std::move(message), std::move(fix)}); }
void warning(Findings& found, std::string message, std::string fix) { found.push_back({false, std::move(message), std::move(fix)}); }

void check_streaming(Findings& found, const Facts& facts) {
    if (facts.standby.paused)
        error(found, "replay is paused on the standby", "Run on it: SELECT pg_wal_replay_resume();");
    if (facts.state.empty())
        return error(found, fmt::format("the standby \"{}\" does not stream from this primary", facts.standby_name),
                     "pg_replica status shows both sides; a standby that has lost its primary's WAL is made anew with pg_replica clone or refresh.");
    if (facts.state != "streaming")
        error(found, fmt::format("the standby's connection is in state \"{}\"", facts.state), "Wait until it streams.");
    else if (facts.behind > most_behind)
        error(found, fmt::format("the standby is {} behind", render::bytes(facts.behind)),
              "Writes would stand still until it has caught up: wait, and run the same command again.");
}

void check_rights(Findings& found, const Options& options, const Facts& facts, const PrimaryFacts& server) {
    if (!facts.standby.may_promote || !facts.standby.may_checkpoint || !facts.primary_may_checkpoint)
        error(found, "the login lacks rights that a switchover needs: it calls pg_promote and CHECKPOINT",
              "Log in as a superuser with -U, or GRANT EXECUTE ON FUNCTION pg_promote, and since PostgreSQL 15 "
              "pg_checkpoint, TO the role.");
    if (options.prepare && !server.is_superuser)
        error(found, "--prepare makes a role and changes pg_hba.conf, and the connecting role is not a superuser",
              "Connect as a superuser with -U, or leave --prepare out.");
    if (server.extension_version.empty())
        error(found, "the extension pg_replica is not in this database",
              "Run CREATE EXTENSION pg_replica on the primary, or name the database that has it with -d.");
}

void check_primary(Findings& found, const Facts& facts) {
    if (facts.backup_runs)
        error(found, "a base backup runs on the primary, and would be cut off", "Wait until it has ended.");
    if (!facts.archive_problem.empty())
        error(found, fmt::format("archive_command fails on the primary, for {}: the archive would have a gap", facts.archive_problem),
              "Mend it first; SELECT * FROM pg_stat_archiver shows how it goes on.");
}

// A slot for the old primary and for each other standby, and a walsender for each.
void check_capacity(Findings& found, const Facts& facts, const PrimaryFacts& server) {
    const int needed = 1 + static_cast<int>(facts.others.size());
    const std::string fix = "Raise it on the standby with ALTER SYSTEM and restart that server.";
    if (server.free_slots < needed - (server.slot.exists ? 1 : 0))
        error(found, fmt::format("the standby has {} of {} replication slots free, and {} are needed: max_replication_slots is "
                                 "too low", server.free_slots, server.max_replication_slots, needed), fix);
    if (server.free_walsenders < needed)
        error(found, fmt::format("the standby has {} of {} walsenders free, and {} are needed: max_wal_senders is too low",
                                 server.free_walsenders, server.max_wal_senders, needed), fix);
    if (server.wal_level == "minimal")
        error(found, "wal_level of the standby is minimal: it could not feed a standby", "Set it to replica and restart that server.");
}

// A standby refuses to go on when a limit is lower than its primary's.
void check_limits(Findings& found, const Facts& facts, const PrimaryFacts& server) {
    for (const auto& [name, value] : server.limits) {
        const auto own = facts.limits.find(name);
        if (own == facts.limits.end() || std::atoi(own->second.c_str()) >= std::atoi(value.c_str())) continue;
        error(found, fmt::format("{} is {} here and {} on the standby: this server could not be its standby", name, own->second, value),
              fmt::format("ALTER SYSTEM SET {} = {} here, and restart this server.", name, value));
    }
}

std::string address_of(const Options& options, const PrimaryFacts& server) {
    return options.standby_address.empty() ? server.client_address : options.standby_address;
}

void check_role(Findings& found, const Options& options, const PrimaryFacts& server) {
    const std::string &role = options.replication_user, address = address_of(options, server);
    if (server.slot.exists && (server.slot.active || !server.slot.physical))
        error(found, fmt::format("the slot \"{}\" on the standby is in use, or is not for a standby", options.slot),
              "Give this server another name with --name.");
    if (server.login.succeeded) return;
    if (options.prepare && (!server.role.exists || server.will_renew_password(options))) return;
    if (!server.role.exists)
        return error(found, fmt::format("the replication role \"{}\" does not exist", role),
                     "Add --prepare to have it made, or name an existing role with --replication-user.");
    const bool shut_out = server.admission == "reject" || server.admission == "no match";
    error(found,
          fmt::format("the role \"{}\" cannot log in for replication at the standby: {}{}", role, server.login.problem,
                      shut_out ? " pg_hba.conf: " + server.admission_reason : ""),
          shut_out ? fmt::format("Run as a superuser on the standby: SELECT * FROM replica.allow_standby({}, {});",
                                 name::quote_literal(role), address.empty() ? "NULL" : name::quote_literal(address))
                   : server.login.hint);
}

void check_synchronous(Findings& found, const Facts& facts) {
    if (facts.synchronous_standby_names.empty()) return;
    warning(found,
            fmt::format("synchronous_standby_names of this primary ({}) does not go over to the new one: until it is set there, "
                        "commits wait for no standby", facts.synchronous_standby_names),
            "Set it on the new primary with pg_replica sync.");
}

}  // namespace

std::vector<cloning::Finding> findings(const Options& options, const Facts& facts, const PrimaryFacts& server) {
    Findings found;
    check_streaming(found, facts);
    check_rights(found, options, facts, server);
    check_primary(found, facts);
    check_capacity(found, facts, server);
    check_limits(found, facts, server);
    check_role(found, options, server);
    check_synchronous(found, facts);
    return found;
}

}  // namespace switching
