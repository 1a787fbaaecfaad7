#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "core/name.hpp"
#include "tool/cascade.hpp"
#include "tool/clone_plan.hpp"
#include "tool/commands/clone_parts.hpp"
#include "tool/commands/commands.hpp"
#include "tool/failure.hpp"
#include "tool/host_facts.hpp"
#include "tool/programs.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/heartbeat.hpp"
#include "tool/real/json_lines.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"
#include "tool/refresh_clone.hpp"
#include "tool/render/progress.hpp"

namespace commands {

using cloning::Options;

namespace {

// By the methods that both sides know; what the user has decided must work.
compression::Choice choose_compression(world::World& world, const cloning::Run& run) {
    const std::string program = run.bin_dir + "/pg_basebackup";
    const compression::Facts& facts = run.primary.compression;
    std::vector<std::string> methods = facts.methods;
    std::erase_if(methods, [&](const auto& method) { return !compression::program_knows(world.files, program, method); });
    compression::Choice choice = compression::choose(run.options.compress, facts, methods);
    if (choice.method != compression::none) compression::refuse_unknown(world.files, program, choice.method, facts);
    return choice;
}

}  // namespace

void introduce(world::Reporter& reporter, const Options& options, const cloning::PrimaryFacts& primary) {
    reporter.step(fmt::format("Primary: {} port {}, PostgreSQL {}.{}, system identifier {}{}", primary.host, primary.port,
                              primary.major(), primary.version % 10000, primary.system_identifier,
                              primary.bytes > 0 ? ", " + render::bytes(primary.bytes) : ""));
    reporter.step(fmt::format("Standby: \"{}\" in {}, port {}, slot \"{}\", replication role \"{}\"", options.name,
                              options.directory, options.port, options.slot, options.replication_user));
}

namespace {

// The server in the foreground.
std::string server_command(const cloning::Run& run) {
    std::string line;
    for (const std::string& word : server::command_line(run.launch()))
        line += (line.empty() ? "" : " ") + name::quote_shell(word);
    return line;
}

std::string start_command(const cloning::Run& run) {
    if (run.options.cluster) return debian::start_command(*run.options.cluster);
    if (!run.options.config_dir.empty()) return server_command(run);
    return fmt::format("{}/pg_ctl -D {} -l {} start", run.bin_dir, name::quote_shell(run.options.directory),
                       name::quote_shell(run.options.log));
}

// For who starts servers by other means; a cluster of Debian's has its unit already.
std::string service_hint(const cloning::Run& run) {
    if (run.options.cluster || !run.options.config_dir.empty()) return {};
    return fmt::format("In a container, or as ExecStart of a systemd unit: {}\n", server_command(run));
}

// A container that is started later has another address than the one that cloned.
std::string admission_hint(const cloning::Run& run) {
    if (!run.options.standby_address.empty() || run.primary.client_address.empty()) return {};
    return fmt::format("It logs in to the primary from {}, as this command did; where its server will have another address, admit that "
                       "on the primary: SELECT * FROM replica.allow_standby({}, 'ADDRESS or NETWORK');\n",
                       run.primary.client_address, name::quote_literal(run.options.replication_user));
}

// -h, -p, -U and -d of the connection to the primary, to be pasted.
std::string login_options(const cloning::Run& run) {
    const conninfo::Parameters used = run.link.session().parameters();
    return fmt::format("-h {} -p {} -U {} -d {}", name::quote_shell(used.get("host")), used.get("port"),
                       name::quote_shell(used.get("user")), name::quote_shell(used.get("dbname")));
}

void print_stopped(const cloning::Run& run) {
    const Options& options = run.options;
    fmt::print("The copy is complete and stopped in {}.\nStart it{} with: {}\n{}{}Then prove it with: pg_replica verify {} "
               "--name {} --standby-host localhost --standby-port {}\n",
               options.directory, options.os_user.empty() ? "" : " as the user " + options.os_user, start_command(run),
               service_hint(run), admission_hint(run), login_options(run), name::quote_shell(run.application_name), options.port);
}

}  // namespace

void print_result(const cloning::Run& run) {
    const Options& options = run.options;
    if (options.no_start) return print_stopped(run);
    fmt::print("Standby \"{}\" replicates: streaming from {} port {} over slot \"{}\", a marker arrived in {} ms.\n"
               "It runs on port {} in {}; its log is {}.\n",
               options.name, run.primary.host, run.primary.port, options.slot, run.marker_time.count(), options.port,
               options.directory, options.log);
    if (!options.config_dir.empty()) fmt::print("Start it later with: {}\n", start_command(run));
    fmt::print("Look after it with: pg_replica status {}\n", login_options(run));
}

ExitCode prove_again(world::World& world, cloning::Run& run) {
    world.reporter.step("The standby is there already and runs: nothing to make");
    cloning::see_streaming(world, run);
    if (run.options.dry_run) {
        fmt::print("The standby is there and streams; without --dry-run a marker would prove it.\n");
        return ExitCode::ok;
    }
    run.bin_dir = programs::find(world, run.primary.major(), run.options.bin_dir);
    cloning::see_marker(world, run);
    print_result(run);
    return ExitCode::ok;
}

namespace {

// What an interrupted run has left decides where this one begins.
plan::Plan choose_plan(world::World& world, const cloning::SharedRun& run) {
    if (cloning::can_be_finished(run->primary, run->host)) return cloning::make_finishing_plan(run);
    run->goes_on = run->host.target.state == target::State::unfinished &&
                   refreshing::can_go_on(world, *run, refreshing::ask_source(world, run->link, run->primary));
    return run->goes_on ? refreshing::make_continuing_plan(run) : cloning::make_plan(run);
}

ExitCode make_clone(Options options, world::Reporter& reporter) {
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    world::World world{database, files, processes, reporter};
    as_usage([&] { cloning::complete(world, options); });
    tool::Link link(database,
                    database.connect(connection::parameters(options.connection), "the primary",
                                     connection::prompt(options.connection)),
                    "the primary");
    // the session knows all that led to the primary; no later connection, to the standby for one, may be led there too
    real::forget_libpq_variables({"PGPASSFILE"});
    const cloning::PrimaryFacts primary = cloning::gather(world, link, options);
    cloning::HostFacts host = cloning::look_at_host(world, options, primary);
    cloning::ask_programs(world, options, primary, host);
    introduce(reporter, options, primary);
    const auto run = std::make_shared<cloning::Run>(options, primary, host, link);
    run->application_name = cloning::application_name(options);
    if (options.from_standby && primary.in_recovery) run->above = cascade::find_primary(world, link);
    if (cloning::is_there_already(world, *run)) return prove_again(world, *run);
    cloning::refuse_if_any_error(reporter, cloning::findings(options, primary, host));
    run->bin_dir = programs::find(world, primary.major(), options.bin_dir);
    run->compression = choose_compression(world, *run);
    if (options.prepare) run->preparation = cloning::make_preparation(options, primary);
    const plan::Plan plan = choose_plan(world, run);
    if (options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    link.session().answer_within(std::chrono::seconds(30));
    plan::execute(plan, world);
    print_result(*run);
    return ExitCode::ok;
}

// Less than a line takes to be due: with both, five seconds are never silent.
constexpr std::chrono::milliseconds longest_silence{1500};

// As main tells how a run ended, in JSON.
ExitCode tell_end(real::JsonLines& lines, const std::function<ExitCode()>& make) {
    ExitCode code = ExitCode::failed;
    try {
        code = make();
    } catch (const Failure& failure) {
        lines.error(failure);
        code = failure.code;
    } catch (const core::Error& error) {
        lines.error(error);
    } catch (const Interrupted&) {
        lines.error({core::sqlstate::query_canceled, "stopped by a signal; nothing was changed"});
        code = ExitCode::interrupted;
    } catch (const std::exception& error) {
        lines.error({core::sqlstate::io_error, std::string("unexpected failure: ") + error.what()});
    }
    lines.end(static_cast<int>(code));
    return code;
}

ExitCode run_clone(const Options& options) {
    real::become(options.os_user);
    const std::string first = "connecting and looking";
    if (options.progress == "json") {
        real::JsonLines lines;
        return tell_end(lines, [&] {
            real::Heartbeat heartbeat(lines, longest_silence, first);
            return make_clone(options, heartbeat);
        });
    }
    real::Terminal terminal;
    // a question for the password is not to be written over
    real::Heartbeat heartbeat(terminal, longest_silence, terminal.interactive() ? "" : first);
    return make_clone(options, heartbeat);
}

void add_target_options(CLI::App& command, Options& options) {
    command.add_option("-D,--pgdata", options.directory, "data directory of the standby: missing or empty")->required();
    command.add_option("--name", options.name, "name of the standby (default: host name, and port if not 5432)");
    command.add_option("--port", options.port, "port of the standby's server (default: 5432)")->check(CLI::Range(1, 65535));
    command.add_option("--slot", options.slot, "replication slot on the primary (default: made from the name)");
    command.add_option("--config-dir", options.config_dir, "directory outside -D for the standby's postgresql.conf, pg_hba.conf and pg_ident.conf; a postgresql.conf that is there is used as it is, and nothing is written");
    command.add_option("--log", options.log, "log file of the server that is started (default: server.log in -D)");
    command.add_option("--waldir", options.waldir, "directory for WAL outside -D");
    command.add_option("-T,--tablespace-mapping", options.tablespace_mapping, "OLDDIR=NEWDIR: relocate a tablespace");
    command.add_option("--os-user", options.os_user, "user that owns the files and runs the server, when this runs as root");
    command.add_option("--bindir", options.bin_dir, "directory of PostgreSQL's programs (default: found by version)");
}

void add_copy_options(CLI::App& command, Options& options) {
    command.add_flag("--prepare", options.prepare, "make the primary ready first: extension, settings, role, pg_hba.conf");
    command.add_flag("--from-standby", options.from_standby, "-h and -p lead to a standby: copy it and follow it (cascade)");
    command.add_option("--replication-user", options.replication_user, "role that the standby logs in as (default: one of its own, replicator_SLOT)");
    command.add_option("--connection-limit", options.connection_limit, "connection limit of a role that --prepare creates");
    command.add_option("--standby-address", options.standby_address, "address to admit on the primary (default: the one that the primary sees)");
    command.add_option("-c,--checkpoint", options.checkpoint, "fast or spread")->check(CLI::IsMember({"fast", "spread"}));
    command.add_option("-r,--max-rate", options.max_rate, "limit of the transfer rate, as pg_basebackup takes it");
    command.add_option("-Z,--compress", options.compress, "auto (the default), none, or the server's METHOD[:DETAIL]: gzip, lz4 or zstd, from PostgreSQL 15");
    command.add_option("--timeout", options.timeout, "seconds without progress before a wait is given up (default: 300)")->check(CLI::Range(1, 86400));
    command.add_option("--progress", options.progress, "text, or json: one JSON object a line on stderr")->check(CLI::IsMember({"text", "json"}));
    command.add_flag("--no-verify", options.no_verify, "do not read the copy again to verify it: damage on the way stays unnoticed");
    command.add_flag("--no-start", options.no_start, "leave the standby stopped and print how to start it");
    command.add_flag("-n,--dry-run", options.dry_run, "check everything and print the plan; change nothing");
}

}  // namespace

void add_clone(CLI::App& app, Action& action) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("clone", "make a standby of a running primary on this host, and prove that it replicates");
    connection::add_options(*command, options->connection, "-p");
    add_target_options(*command, *options);
    add_copy_options(*command, *options);
    command->callback([options, &action] { action = [options] { return run_clone(*options); }; });
}

}  // namespace commands
