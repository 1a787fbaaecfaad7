#include "tool/preflight.hpp"

#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/failure.hpp"

namespace cloning {

namespace {

using Findings = std::vector<Finding>;

// The copy takes two walsenders: one for the files, one for the WAL.
constexpr int walsenders_for_copy = 2;

void error(Findings& findings, std::string message, std::string fix) {
    findings.push_back({true, std::move(message), std::move(fix)});
}
void warning(Findings& findings, std::string message, std::string fix) {
    findings.push_back({false, std::move(message), std::move(fix)});
}

// Only a superuser can prepare.
std::string prepare_command(const PrimaryFacts& primary) {
    return fmt::format("pg_replica prepare -h {} -p {} -U {} -d {}", name::quote_shell(primary.host), primary.port,
                       primary.is_superuser ? name::quote_shell(primary.user) : "SUPERUSER",
                       name::quote_shell(primary.dbname));
}

std::string prepare_advice(const PrimaryFacts& primary) {
    return fmt::format("Run {}, restart the primary, then run this command again.", prepare_command(primary));
}

void check_server(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (primary.in_recovery && !options.from_standby)
        error(findings, "the server is itself a standby",
              "Connect to its primary; SELECT sender_host, sender_port FROM pg_stat_wal_receiver names it. Or add "
              "--from-standby to copy this standby and to follow it.");
    if (!primary.in_recovery && options.from_standby)
        error(findings, "the server is no standby, and --from-standby was given", "Leave --from-standby out, or connect to a standby.");
}

void check_extension(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (!primary.extension_version.empty()) return;
    if (!primary.extension_available)
        error(findings, "the files of the extension pg_replica are not installed on the primary",
              "Install them on the primary's host (make install in pg_replica's source, with that server's "
              "pg_config).");
    else if (!options.prepare)
        error(findings, "the extension pg_replica is not created in this database of the primary",
              "Run CREATE EXTENSION pg_replica there, name the database that has it with -d, or add "
              "--prepare.");
}

// On a fresh primary the extension's own views are not there yet.
std::string free_slot_advice(const PrimaryFacts& primary) {
    const bool extended = !primary.extension_version.empty();
    return fmt::format(
        "SELECT slot_name, active, {} shows them; drop one that nobody needs with {}, or raise max_replication_slots "
        "with {} and restart the primary.",
        extended ? "retained_bytes FROM replica.slots" : "restart_lsn FROM pg_replication_slots",
        extended ? "SELECT * FROM replica.drop_slot('NAME')" : "SELECT pg_drop_replication_slot('NAME')",
        prepare_command(primary));
}

void check_capacity(Findings& findings, const PrimaryFacts& primary) {
    if (primary.wal_level == "minimal")
        error(findings, "wal_level of the primary is minimal: it writes too little WAL for a standby",
              prepare_advice(primary));
    if (primary.free_walsenders < walsenders_for_copy)
        error(findings,
              fmt::format("the primary has {} of {} walsenders free, and a copy takes {}",
                          primary.free_walsenders, primary.max_wal_senders, walsenders_for_copy),
              prepare_advice(primary));
    if (!primary.slot.exists && primary.free_slots < 1)
        error(findings,
              fmt::format("all {} replication slots of the primary are taken", primary.max_replication_slots),
              free_slot_advice(primary));
}

// An unfinished clone of this very cluster; of another one it says nothing about this primary.
bool resumes(const PrimaryFacts& primary, const HostFacts& host) {
    return host.target.state == target::State::unfinished &&
           host.target.marker.system_identifier == primary.system_identifier;
}

// A slot that nobody remembers keeps WAL until the disk of its primary is full.
void check_forgotten_slot(Findings& findings, const Options& options, const PrimaryFacts& primary,
                          const HostFacts& host) {
    const target::Marker& marker = host.target.marker;
    if (host.target.state != target::State::unfinished || !marker.slot_created) return;
    if (!resumes(primary, host))
        error(findings,
              fmt::format("the unfinished clone in \"{}\" has the slot \"{}\" on another primary, of system "
                          "identifier {}",
                          options.directory, marker.slot, marker.system_identifier),
              fmt::format(
                  "Drop it there with SELECT * FROM replica.drop_slot('{}'), then remove the directory {}.",
                  marker.slot, options.directory));
    else if (marker.slot != options.slot)
        error(findings,
              fmt::format("the unfinished clone in \"{}\" has the slot \"{}\", not \"{}\"", options.directory,
                          marker.slot, options.slot),
              fmt::format("Run the command with the name of that clone (--slot {}), or drop the slot with "
                          "SELECT * FROM "
                          "replica.drop_slot('{}') and remove the directory {}.",
                          marker.slot, marker.slot, options.directory));
}

void check_slot(Findings& findings, const Options& options, const PrimaryFacts& primary,
                const HostFacts& host) {
    if (!primary.slot.exists) return;
    // the slot of what the directory holds: that finding says all, and the slot must stay
    if (host.target.state == target::State::occupied && (host.is_this_standby || host.server_running)) return;
    const bool ours = resumes(primary, host) && host.target.marker.slot == options.slot;
    const bool finishing = ours && host.target.marker.placed;
    if (primary.slot.active && !finishing)
        error(findings,
              fmt::format("the slot \"{}\" is in use on the primary: a standby of that name streams already",
                          options.slot),
              "Give this standby another name with --name.");
    else if (!ours)
        error(findings,
              fmt::format("the slot \"{}\" exists on the primary and was not made for this directory",
                          options.slot),
              fmt::format("If no standby needs it, drop it with SELECT * FROM replica.drop_slot('{}'); "
                          "otherwise give this "
                          "standby another name with --name.",
                          options.slot));
}

void check_rights(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (options.prepare && !primary.is_superuser)
        error(findings,
              "--prepare changes settings, roles and pg_hba.conf, and the connecting role is not a superuser",
              "Connect as a superuser with -U, or let one run pg_replica prepare and leave --prepare out.");
    if (!primary.config_is_inside() && !primary.is_superuser && options.config_dir.empty())
        error(findings,
              fmt::format(
                  "the primary's configuration lies outside its data directory ({}), and only a superuser "
                  "can read it",
                  primary.config_file),
              "Connect as a superuser with -U, or name a directory with the standby's own files with "
              "--config-dir.");
}

// Without them the copy would be undone half-way. --prepare takes a superuser anyway.
void check_grants(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (options.prepare || primary.missing_rights.empty()) return;
    std::string grants;
    for (const std::string& right : primary.missing_rights)
        grants += fmt::format(" GRANT {} TO {};", right, name::quote_identifier(primary.user));
    error(findings, fmt::format("the role \"{}\" lacks rights that a clone needs", primary.user),
          fmt::format("Run as a superuser in the database \"{}\" of the primary:{}", primary.dbname, grants));
}

// The rule that lets the role in from where the standby is; an address is missing over a Unix-domain socket.
std::string admission_advice(const Options& options, const PrimaryFacts& primary) {
    const std::string address =
        options.standby_address.empty() ? primary.client_address : options.standby_address;
    return fmt::format("Run as a superuser on the primary: SELECT * FROM replica.allow_standby({}, {});",
                       name::quote_literal(options.replication_user),
                       address.empty() ? "NULL" : name::quote_literal(address));
}

void check_role(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (primary.login.succeeded) {
        if (primary.login.system_identifier != primary.system_identifier)
            error(findings, "the replication connection reaches another cluster than the connection for SQL",
                  "Check for a pooler or proxy between this host and the primary.");
        return;
    }
    if (options.prepare && (!primary.role.exists || primary.will_renew_password(options))) return;
    if (!primary.role.exists)
        return error(findings,
                     fmt::format("the replication role \"{}\" does not exist on the primary",
                                 options.replication_user),
                     options.from_standby
                         ? "Let pg_replica prepare make it on the primary, and name it with --replication-user."
                         : "Add --prepare to have it made, or name an existing role with --replication-user.");
    std::string message = fmt::format("the role \"{}\" cannot log in for replication: {}",
                                      options.replication_user, primary.login.problem);
    const bool shut_out = primary.admission == "reject" || primary.admission == "no match";
    if (shut_out) message += " pg_hba.conf: " + primary.admission_reason;
    error(findings, std::move(message), shut_out ? admission_advice(options, primary) : primary.login.hint);
}

void check_advice(Findings& findings, const PrimaryFacts& primary) {
    if (!primary.checksums)
        warning(findings,
                "data checksums are off on the primary: damaged pages cannot be noticed while copying",
                "Switch them on with pg_checksums --enable in the next maintenance window.");
    if (!primary.slots_are_bounded)
        warning(findings,
                "max_slot_wal_keep_size of the primary is -1: while the standby is away, its slot keeps WAL "
                "until "
                "the primary's disk is full",
                "Bound it with SELECT * FROM replica.set_settings(max_slot_wal_keep_size => '10GB').");
    if (primary.archive_mode != "off" && !primary.archive_command.empty())
        warning(findings,
                fmt::format("the standby inherits archive_command = '{}' and will run it after a promotion",
                            primary.archive_command),
                "Make sure that both servers may write to that archive, or change it on the standby.");
}

}  // namespace

std::vector<Finding> primary_findings(const Options& options, const PrimaryFacts& primary) {
    Findings found;
    check_server(found, options, primary);
    check_extension(found, options, primary);
    check_rights(found, options, primary);
    check_grants(found, options, primary);
    check_capacity(found, primary);
    check_role(found, options, primary);
    return found;
}

std::vector<Finding> findings(const Options& options, const PrimaryFacts& primary, const HostFacts& host) {
    Findings found = primary_findings(options, primary);
    check_slot(found, options, primary, host);
    check_forgotten_slot(found, options, primary, host);
    check_standby_host(found, options, primary, host);
    check_advice(found, primary);
    check_ground(found, primary, host);
    return found;
}

void refuse_if_any_error(world::Reporter& reporter, const std::vector<Finding>& findings, const std::string& what) {
    std::string messages, fixes;
    int count = 0;
    for (const Finding& finding : findings) {
        if (!finding.is_error) {
            reporter.warning(finding.message + ". " + finding.fix);
            continue;
        }
        ++count;
        messages += fmt::format("{}{}. {}.", count > 1 ? "\n" : "", count, finding.message);
        fixes += fmt::format("{}{}. {}", count > 1 ? "\n" : "", count, finding.fix);
    }
    if (count == 0) return;
    throw refused(fmt::format("{} cannot begin: {} in the way; nothing was changed", what,
                              count == 1 ? "one thing stands" : fmt::format("{} things stand", count)),
                  messages, fixes);
}

}  // namespace cloning
