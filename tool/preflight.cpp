#include "tool/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tool/failure.hpp"
#include "tool/render/progress.hpp"
#include "tool/server.hpp"

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

std::string prepare_command(const PrimaryFacts& primary) {
    return fmt::format("Run pg_replica prepare -h {} -p {} as a superuser, restart the primary, then run this command "
                       "again.", primary.host, primary.port);
}

void check_server(Findings& findings, const PrimaryFacts& primary) {
    if (primary.version < 130000)
        error(findings, fmt::format("the primary runs PostgreSQL {}, and 13 is the oldest supported", primary.major()),
              "Upgrade the primary first.");
    if (primary.in_recovery)
        error(findings, "the server is itself a standby",
              "Connect to its primary; SELECT sender_host, sender_port FROM pg_stat_wal_receiver names it.");
}

void check_extension(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (!primary.extension_version.empty()) return;
    if (!primary.extension_available)
        error(findings, "the files of the extension pg_replica are not installed on the primary",
              "Install them on the primary's host (make install in pg_replica's source, with that server's pg_config).");
    else if (!options.prepare)
        error(findings, "the extension pg_replica is not created in this database of the primary",
              "Run CREATE EXTENSION pg_replica there, name the database that has it with -d, or add --prepare.");
}

void check_capacity(Findings& findings, const PrimaryFacts& primary) {
    if (primary.wal_level == "minimal")
        error(findings, "wal_level of the primary is minimal: it writes too little WAL for a standby", prepare_command(primary));
    if (primary.free_walsenders < walsenders_for_copy)
        error(findings,
              fmt::format("the primary has {} of {} walsenders free, and a copy takes {}", primary.free_walsenders,
                          primary.max_wal_senders, walsenders_for_copy),
              prepare_command(primary));
    if (!primary.slot.exists && primary.free_slots < 1)
        error(findings, fmt::format("all {} replication slots of the primary are taken", primary.max_replication_slots),
              "SELECT slot_name, active, retained_bytes FROM replica.slots shows them; drop one that nobody needs with "
              "SELECT * FROM replica.drop_slot('NAME'), or raise max_replication_slots with pg_replica prepare.");
}

void check_slot(Findings& findings, const Options& options, const PrimaryFacts& primary, const HostFacts& host) {
    if (!primary.slot.exists) return;
    const bool ours = host.target.state == target::State::unfinished && host.target.marker.slot == options.slot;
    const bool finishing = ours && host.target.marker.placed;
    if (primary.slot.active && !finishing)
        error(findings, fmt::format("the slot \"{}\" is in use on the primary: a standby of that name streams already",
                                    options.slot),
              "Give this standby another name with --name.");
    else if (!ours)
        error(findings, fmt::format("the slot \"{}\" exists on the primary and was not made for this directory", options.slot),
              fmt::format("If no standby needs it, drop it with SELECT * FROM replica.drop_slot('{}'); otherwise give this "
                          "standby another name with --name.", options.slot));
}

void check_rights(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    if (options.prepare && !primary.is_superuser)
        error(findings, "--prepare changes settings, roles and pg_hba.conf, and the connecting role is not a superuser",
              "Connect as a superuser with -U, or let one run pg_replica prepare and leave --prepare out.");
    if (!primary.config_is_inside() && !primary.is_superuser && options.config_dir.empty())
        error(findings, fmt::format("the primary's configuration lies outside its data directory ({}), and only a superuser "
                                    "can read it", primary.config_file),
              "Connect as a superuser with -U, or name a directory with the standby's own files with --config-dir.");
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
        return error(findings, fmt::format("the replication role \"{}\" does not exist on the primary", options.replication_user),
                     "Add --prepare to have it made, or name an existing role with --replication-user.");
    std::string message = fmt::format("the role \"{}\" cannot log in for replication: {}", options.replication_user,
                                      primary.login.problem);
    if (primary.admission == "reject" || primary.admission == "no match")
        message += " pg_hba.conf: " + primary.admission_reason;
    error(findings, std::move(message), primary.login.hint);
}

void check_target(Findings& findings, const Options& options, const HostFacts& host) {
    const std::string& directory = options.directory;
    if (!host.enclosing.empty())
        error(findings, fmt::format("\"{}\" lies inside the data directory \"{}\"", directory, host.enclosing),
              "Choose a directory with -D outside of every data directory.");
    if (host.target.state == target::State::occupied)
        error(findings, fmt::format("\"{}\" is not an empty directory, and nothing in it was made by an unfinished clone",
                                    directory),
              "Choose another directory with -D, or move what is there away yourself.");
    if (host.target.state == target::State::missing && !host.parent_writable)
        error(findings, fmt::format("\"{}\" does not exist and cannot be created in \"{}\"", directory, host.parent),
              fmt::format("Run install -d -m 0700 -o USER {} as root, with the user that will run the server.", directory));
    if (host.target.state != target::State::missing && !host.owned)
        error(findings, fmt::format("\"{}\" belongs to another user than the one that runs this command", directory),
              "Run the command as the directory's owner (--os-user when root), or change the owner with chown.");
    if (host.server_running && !host.target.marker.placed)
        error(findings, fmt::format("a server runs in \"{}\"", directory), fmt::format("Stop it with pg_ctl -D {} stop.", directory));
    if (!host.config_dir_usable)
        error(findings, fmt::format("the configuration directory \"{}\" does not exist or cannot be written", options.config_dir),
              "Create it for the user that runs the server, and run the same command again.");
}

void check_host(Findings& findings, const Options& options, const PrimaryFacts& primary, const HostFacts& host) {
    if (!host.port_free && !host.server_running)
        error(findings, fmt::format("port {} is in use on this host", options.port), "Choose another one with --port.");
    if (primary.bytes > 0 && host.target.state != target::State::unfinished && host.free_bytes < primary.bytes)
        error(findings, fmt::format("the primary holds {}, and only {} are free for \"{}\"", render::bytes(primary.bytes),
                                    render::bytes(host.free_bytes), options.directory),
              "Make room, or choose a directory on a larger file system with -D.");
    for (const std::string& path : host.occupied_outside)
        error(findings, fmt::format("the directory \"{}\" for a tablespace or for WAL is not empty on this host", path),
              fmt::format("Map a tablespace to an empty directory with --tablespace-mapping {}=/NEW/DIRECTORY; give "
                          "--waldir an empty directory.", path));
}

void check_advice(Findings& findings, const PrimaryFacts& primary) {
    if (!primary.checksums)
        warning(findings, "data checksums are off on the primary: damaged pages cannot be noticed while copying",
                "Switch them on with pg_checksums --enable in the next maintenance window.");
    if (!primary.slots_are_bounded)
        warning(findings, "max_slot_wal_keep_size of the primary is -1: while the standby is away, its slot keeps WAL until "
                          "the primary's disk is full",
                "Bound it with SELECT * FROM replica.set_settings(max_slot_wal_keep_size => '10GB').");
    if (primary.archive_mode != "off" && !primary.archive_command.empty())
        warning(findings, fmt::format("the standby inherits archive_command = '{}' and will run it after a promotion",
                                      primary.archive_command),
                "Make sure that both servers may write to that archive, or change it on the standby.");
}

bool holds_something(world::Files& files, const std::string& path) {
    switch (files.kind(path)) {
        case world::Kind::missing: return false;
        case world::Kind::directory: break;
        default: return true;
    }
    const auto names = files.list(path);
    return std::any_of(names.begin(), names.end(), [](const auto& name) { return name != "lost+found"; });
}

}  // namespace

std::vector<std::string> outside_directories(const Options& options, const PrimaryFacts& primary) {
    std::vector<std::string> paths;
    if (!options.waldir.empty()) paths.push_back(options.waldir);
    for (const Tablespace& tablespace : primary.tablespaces) {
        std::string location = tablespace.location;
        for (const std::string& mapping : options.tablespace_mapping)
            if (mapping.rfind(tablespace.location + "=", 0) == 0) location = mapping.substr(tablespace.location.size() + 1);
        paths.push_back(location);
    }
    return paths;
}

HostFacts look_at_host(world::World& world, const Options& options, const PrimaryFacts& primary) {
    namespace fs = std::filesystem;
    HostFacts host;
    host.target = target::inspect(world.files, options.directory);
    const fs::path parent = fs::path(options.directory).parent_path();
    host.parent = parent.string();
    host.parent_writable = world.files.kind(host.parent) == world::Kind::directory && world.files.writable(host.parent);
    if (host.target.state != target::State::missing) host.owned = world.files.owned(options.directory);
    for (fs::path at = parent; at.has_relative_path(); at = at.parent_path())
        if (world.files.kind((at / "PG_VERSION").string()) == world::Kind::file) host.enclosing = at.string();
    host.server_running = server::running(world, options.directory).has_value();
    host.port_free = options.no_start || world.processes.port_free(options.port);
    host.free_bytes = world.files.free_bytes(options.directory);
    if (!options.config_dir.empty())
        host.config_dir_usable = world.files.kind(options.config_dir) == world::Kind::directory &&
                                 world.files.writable(options.config_dir);
    const auto& known = host.target.marker.outside;
    for (const std::string& path : outside_directories(options, primary))
        if (std::find(known.begin(), known.end(), path) == known.end() && holds_something(world.files, path))
            host.occupied_outside.push_back(path);
    return host;
}

std::vector<Finding> findings(const Options& options, const PrimaryFacts& primary, const HostFacts& host) {
    Findings found;
    check_server(found, primary);
    check_extension(found, options, primary);
    check_rights(found, options, primary);
    check_capacity(found, primary);
    check_slot(found, options, primary, host);
    check_role(found, options, primary);
    check_target(found, options, host);
    check_host(found, options, primary, host);
    check_advice(found, primary);
    return found;
}

void refuse_if_any_error(world::Reporter& reporter, const std::vector<Finding>& findings) {
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
    throw refused(fmt::format("the clone cannot begin: {} in the way; nothing was changed",
                              count == 1 ? "one thing stands" : fmt::format("{} things stand", count)),
                  messages, fixes);
}

}  // namespace cloning
