#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

#include "tool/cascade.hpp"
#include "tool/clone_plan.hpp"
#include "tool/commands/clone_parts.hpp"
#include "tool/commands/commands.hpp"
#include "tool/commands/refresh_parts.hpp"
#include "tool/failure.hpp"
#include "tool/programs.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"
#include "tool/refresh_plan.hpp"
#include "tool/render/progress.hpp"

namespace commands {

namespace {

// What the user left to us is as the directory's own configuration has it.
void follow_former(cloning::Options& options, const refreshing::Former& former) {
    if (options.port == 0 && !former.port.empty()) options.port = std::stoi(former.port);
    if (options.slot.empty()) options.slot = former.slot;
    if (options.name.empty()) options.name = former.name;
    if (options.replication_user.empty()) options.replication_user = former.user;
    options.login_passfile = former.passfile;
}

// Returns the place of PostgreSQL's programs.
std::string read_former(world::World& world, cloning::Options& options, refreshing::Former& former, tool::Link& link) {
    const int major = tool::number(link.value("SELECT current_setting('server_version_num')")) / 10000;
    const std::string bin_dir = programs::find(world, major, options.bin_dir);
    refreshing::read_configuration(world, options, bin_dir, former);
    try {
        refreshing::know_upstream(real::parse_connection_string(former.conninfo), options, former);
    } catch (const Failure&) {
        // one that libpq cannot read tells nothing
    }
    follow_former(options, former);
    as_usage([&] { cloning::complete(world, options); });
    // the role that clone makes for one standby alone
    options.role_is_own = options.replication_user == ("replicator_" + options.slot).substr(0, 63);
    return bin_dir;
}

// The numbers that a real run would show; nothing is written.
ExitCode report(world::World& world, refreshing::Run& run, const plan::Plan& plan) {
    fmt::print("{}", plan::describe(plan));
    refreshing::rehearse(world, run);
    const refreshing::Tally& tally = run.tally;
    const double share = tally.compared == 0 ? 0 : 100.0 * static_cast<double>(tally.received) / static_cast<double>(tally.compared);
    fmt::print("{} of {} differ now ({:.1f} %): so much would be fetched. Nothing was changed.\n",
               render::bytes(tally.received), render::bytes(tally.compared), share);
    return ExitCode::ok;
}

refreshing::SharedRun make_run(const RefreshOptions& options, refreshing::Former former, const cloning::PrimaryFacts& primary,
                               const cloning::HostFacts& host, tool::Link& link) {
    const auto run = std::make_shared<refreshing::Run>();
    run->base = std::make_shared<cloning::Run>(options.clone, primary, host, link);
    run->base->application_name = cloning::application_name(options.clone);
    run->former = std::move(former);
    run->connections = options.connections;
    run->packing = refreshing::packing_wish(options.compress);
    run->of_rejoin = options.of_rejoin;
    return run;
}

ExitCode carry_out(world::World& world, const RefreshOptions& options, const refreshing::SharedRun& run) {
    cloning::Run& base = *run->base;
    if (base.options.prepare) base.preparation = cloning::make_preparation(base.options, base.primary);
    const plan::Plan plan = refreshing::make_plan(run);
    if (options.clone.dry_run) return report(world, *run, plan);
    base.link.session().answer_within(std::chrono::seconds(30));
    plan::execute(plan, world);
    print_result(base);
    return ExitCode::ok;
}

// An earlier run may have been ended between the start and the proof.
ExitCode prove_running(world::World& world, refreshing::Run& run) {
    const ExitCode code = prove_again(world, *run.base);
    if (run.former.marker && run.former.marker->live && !run.base->options.dry_run) refreshing::unmark(world, run);
    return code;
}

ExitCode run_refresh(RefreshOptions options) {
    real::become(options.clone.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    cloning::Options& words = options.clone;
    words.directory = files.canonical(words.directory);
    tool::Link link(database, database.connect(connection::parameters(words.connection), "the primary", connection::prompt(words.connection)), "the primary");
    real::forget_libpq_variables({"PGPASSFILE"});
    return refresh(world, std::move(options), link);
}

void add_target_options(CLI::App& command, RefreshOptions& options) {
    cloning::Options& words = options.clone;
    command.add_option("-D,--pgdata", words.directory, "data directory of the stopped server")->required();
    command.add_option("-j,--jobs", options.connections, "connections that compare at the same time (default: 2)")->check(CLI::Range(1, 64));
    command.add_option("--compress", options.compress, "auto, none or lz4: how the primary packs the blocks that it sends")->check(CLI::IsMember({"auto", "none", "lz4"}));
    command.add_option("--name", words.name, "name of the standby (default: as its configuration has it, or as for clone)");
    command.add_option("--port", words.port, "port of the standby's server (default: as its configuration has it)")->check(CLI::Range(1, 65535));
    command.add_option("--slot", words.slot, "replication slot on the primary (default: as its configuration has it, or made from the name)");
    command.add_option("--config-dir", words.config_dir, "directory outside -D that has the server's postgresql.conf; nothing is written there");
    command.add_option("--log", words.log, "log file of the server that is started (default: server.log in -D)");
    command.add_option("-T,--tablespace-mapping", words.tablespace_mapping, "OLDDIR=NEWDIR: place of a tablespace that is not here yet, or is to move");
    command.add_option("--os-user", words.os_user, "user that owns the files and runs the server, when this runs as root");
    command.add_option("--bindir", words.bin_dir, "directory of PostgreSQL's programs (default: found by version)");
}

void add_run_options(CLI::App& command, RefreshOptions& options) {
    cloning::Options& words = options.clone;
    command.add_flag("--remains", options.remains, "take a directory without pg_control for what an interrupted copy of this primary left");
    command.add_flag("--from-standby", words.from_standby, "-h and -p lead to a standby: read its blocks and follow it (cascade)");
    command.add_flag("--prepare", words.prepare, "make the primary ready first: extension, settings, role, pg_hba.conf");
    command.add_option("--replication-user", words.replication_user, "role that the standby logs in as (default: as its configuration has it, or replicator_SLOT)");
    command.add_option("--standby-address", words.standby_address, "address to admit on the primary (default: the one that the primary sees)");
    command.add_option("-c,--checkpoint", words.checkpoint, "fast or spread")->check(CLI::IsMember({"fast", "spread"}));
    command.add_option("--timeout", words.timeout, "seconds without progress before a wait is given up (default: 300)")->check(CLI::Range(1, 86400));
    command.add_flag("--no-start", words.no_start, "leave the standby stopped and print how to start it");
    command.add_flag("-n,--dry-run", words.dry_run, "compare and print what would be fetched, and the plan; change nothing");
}

}  // namespace

ExitCode refresh(world::World& world, RefreshOptions options, tool::Link& link) {
    cloning::Options& words = options.clone;
    words.compress = compression::none;  // that is for pg_basebackup; measuring the link for it costs more than a refresh of little
    refreshing::Former former = refreshing::look(world, words);
    const std::string bin_dir = read_former(world, words, former, link);
    const cloning::PrimaryFacts primary = cloning::gather(world, link, words);
    cloning::HostFacts host = cloning::look_at_host(world, words, primary);
    cloning::look_at_programs(world, words, primary, bin_dir, host);
    introduce(world.reporter, words, primary);
    const auto run = make_run(options, former, primary, host, link);
    run->base->bin_dir = bin_dir;
    if (words.from_standby && primary.in_recovery) run->base->above = cascade::find_primary(world, link);
    if (cloning::is_there_already(world, *run->base)) return prove_running(world, *run);
    auto found = refreshing::findings(world, words, primary, former, refreshing::ask_source(world, link, primary), options.remains);
    const auto of_clone = cloning::findings(words, primary, refreshing::as_own(host, words, primary, former));
    found.insert(found.end(), of_clone.begin(), of_clone.end());
    cloning::refuse_if_any_error(world.reporter, found, "the refresh");
    return carry_out(world, options, run);
}

void add_refresh(CLI::App& app, Action& action) {
    const auto options = std::make_shared<RefreshOptions>();
    CLI::App* command = app.add_subcommand("refresh", "bring a stopped data directory up to date by fetching only the blocks that differ, and prove that it replicates");
    connection::add_options(*command, options->clone.connection, "-p");
    add_target_options(*command, *options);
    add_run_options(*command, *options);
    command->callback([options, &action] { action = [options] { return run_refresh(*options); }; });
}

}  // namespace commands
