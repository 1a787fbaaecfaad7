#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "core/name.hpp"
#include "tool/clone_plan.hpp"
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
#include "tool/rejoin_run.hpp"

namespace commands {

namespace {

using cloning::Options;
using former_primary::Way;

using former_primary::Wish;

struct RejoinOptions {
    Options standby;
    std::string way = "auto";
    std::vector<std::string> dropped_slots;
};

std::string find_programs(world::World& world, const Options& options) {
    const std::string file = options.directory + "/PG_VERSION", partial = rejoin_area::partial_path(options.directory);
    const std::string there = world.files.kind(file) == world::Kind::file ? file : partial + "/PG_VERSION";
    if (world.files.kind(there) != world::Kind::file)
        throw refused(fmt::format("\"{}\" is no data directory", options.directory), "It holds no PG_VERSION.",
                      "Name the former primary's data directory with -D; a new standby is made by pg_replica clone.");
    const std::string folder = programs::find(world, std::atoi(world.files.read(there).c_str()), options.bin_dir);
    for (const char* program : {"pg_controldata", "pg_waldump", "pg_rewind"})
        if (world.files.kind(folder + "/" + program) != world::Kind::file)
            throw refused(fmt::format("{} is not in \"{}\"", program, folder), "A rejoin needs it.",
                          "Install the whole server package, or name another folder with --bindir.");
    return folder;
}

void check_directory(world::World& world, const Options& options) {
    if (!world.files.owned(options.directory))
        throw refused(fmt::format("\"{}\" belongs to another user than the one that runs this command", options.directory),
                      "A rejoin writes to it.", "Run the command as that user (--os-user when root).");
    if (target::inspect(world.files, options.directory).state == target::State::unfinished)
        throw refused(fmt::format("\"{}\" holds an unfinished clone", options.directory), "It was never a primary.",
                      "Go on with pg_replica clone.");
    const std::string folder = options.config_dir.empty() ? options.directory : options.config_dir;
    if (world.files.kind(folder + "/postgresql.conf") != world::Kind::file)
        throw refused(fmt::format("there is no postgresql.conf in \"{}\"", folder),
                      "The server keeps its own configuration, and is started with it.",
                      "Name the directory that holds it with --config-dir.");
}

// The directory's own words come first: its port is kept, and the default name is made of it.
void complete(world::World& world, Options& options, const std::string& bin_dir) {
    const bool elsewhere = !options.config_dir.empty();
    const std::string own = server::effective_setting(
        world, {bin_dir, options.directory, elsewhere ? options.config_dir + "/postgresql.conf" : "", ""}, "port");
    options.port = std::atoi(own.c_str());
    as_usage([&] { cloning::complete(world, options); });
}

cloning::SharedRun make_run(world::World& world, const Options& options, tool::Link& link, const std::string& bin_dir) {
    const cloning::PrimaryFacts primary = cloning::gather(world, link, options);
    cloning::HostFacts host;
    host.target.state = target::State::occupied;
    host.server_running = server::running(world, options.directory).has_value();
    const auto run = std::make_shared<cloning::Run>(options, primary, host, link);
    run->bin_dir = bin_dir;
    run->marks_target = false;
    run->application_name = cloning::application_name(options);
    if (options.prepare) run->preparation = cloning::make_preparation(options, primary);
    return run;
}

std::vector<cloning::Finding> findings(const cloning::Run& run) {
    auto found = cloning::primary_findings(run.options, run.primary);
    const auto& slot = run.primary.slot;
    if (slot.exists && (slot.active || !slot.physical))
        found.push_back({true, fmt::format("the slot \"{}\" on the new primary is in use, or is not for a standby", run.options.slot),
                         "Give this standby another name with --name."});
    if (run.host.server_running)
        found.push_back({true, fmt::format("a server runs in \"{}\"", run.options.directory),
                         fmt::format("Stop it, and keep its service from starting it again: {}/pg_ctl -D {} -m fast stop",
                                     run.bin_dir, name::quote_shell(run.options.directory))});
    return found;
}

void print_result(const cloning::Run& run) {
    const Options& options = run.options;
    fmt::print("\"{}\" replicates again: streaming from {} port {} over slot \"{}\", a marker arrived in {} ms.\n"
               "It runs on port {} in {}; its log is {}.\n",
               options.name, run.primary.host, run.primary.port, options.slot, run.marker_time.count(), options.port,
               options.directory, options.log);
}

ExitCode prove_again(world::World& world, cloning::Run& run) {
    world.reporter.step("It is a standby of this primary already and runs: nothing to do");
    cloning::see_streaming(world, run);
    if (run.options.dry_run) return ExitCode::ok;
    cloning::see_marker(world, run);
    rejoin_area::forget(world.files, run.options.directory);
    print_result(run);
    return ExitCode::ok;
}

Wish wish_of(const std::string& way) {
    return way == "rewind" ? Wish::rewind : way == "refresh" ? Wish::refresh : Wish::automatic;
}

std::string sentence(const former_primary::Decision& decision) {
    switch (decision.way) {
        case Way::follow: return "It can follow as it is: " + decision.why;
        case Way::rewind: return "It has to be rewound: " + decision.why;
        case Way::refresh: break;
    }
    return "What differs has to be fetched: " + decision.why;
}

ExitCode fetch_what_differs(world::World& world, const Options& options, tool::Link& link) {
    world.reporter.fact("what it alone has written is given up");
    RefreshOptions refresh_options;
    refresh_options.clone = options;
    refresh_options.of_rejoin = true;
    return refresh(world, std::move(refresh_options), link);
}

ExitCode execute(world::World& world, const rejoin::SharedRun& run, tool::Link& link) {
    const Options& options = run->standby->options;
    world.reporter.step(sentence(run->decision));
    if (run->decision.way == Way::refresh) return fetch_what_differs(world, options, link);
    if (run->decision.way == Way::rewind) world.reporter.fact("what it alone has written is given up");
    const plan::Plan plan = rejoin::make_plan(run);
    if (options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    link.session().answer_within(std::chrono::seconds(30));
    plan::execute(plan, world);
    print_result(*run->standby);
    return ExitCode::ok;
}

// Nothing is decided about a directory while its files are elsewhere. False: a dry run ends here.
bool repaired(world::World& world, const Options& options) {
    const auto stage = rejoin_area::look(world.files, options.directory);
    if (stage == rejoin_area::Stage::none || server::running(world, options.directory)) return true;
    if (!options.dry_run || stage == rejoin_area::Stage::rewinding) {
        rejoin::repair(world, options.directory);
        return true;
    }
    fmt::print("First of all, what an interrupted rejoin has moved away would be brought back; what follows depends on it.\n");
    return false;
}

// Of these, nothing can be told but that only a refresh goes on with them.
bool is_broken_off(world::World& world, const RejoinOptions& options) {
    const std::string& directory = options.standby.directory;
    const bool rewind_broke_off = rejoin_area::look(world.files, directory) == rejoin_area::Stage::rewinding;
    return (rewind_broke_off && options.way != "rewind") || refreshing::read_marker(world.files, directory);
}

tool::Link open(world::World& world, const Options& options) {
    return {world.database,
            world.database.connect(connection::parameters(options.connection), "the new primary", connection::prompt(options.connection)),
            "the new primary"};
}

ExitCode go_on_with_refresh(world::World& world, Options options, const std::string& bin_dir) {
    complete(world, options, bin_dir);
    world.reporter.step("Going on with what broke off in it: what differs has to be fetched");
    tool::Link link = open(world, options);
    real::forget_libpq_variables({"PGPASSFILE"});
    return fetch_what_differs(world, options, link);
}

former_primary::Decision decision_of(world::World& world, const rejoin::Run& run, Wish wish, tool::Link& link) {
    const cloning::PrimaryFacts& primary = run.standby->primary;
    const auto possible = former_primary::decide(run.source, run.local);
    const auto source = refreshing::ask_source(world, link, primary);
    return former_primary::choose(possible, wish, {primary.bytes, source.has_functions && source.missing_rights.empty()});
}

ExitCode rejoin_by_its_way(world::World& world, const RejoinOptions& given, const std::string& bin_dir) {
    Options options = given.standby;
    complete(world, options, bin_dir);
    tool::Link link = open(world, options);
    real::forget_libpq_variables({"PGPASSFILE"});
    const auto run = std::make_shared<rejoin::Run>();
    run->standby = make_run(world, options, link, bin_dir);
    run->dropped_slots = given.dropped_slots;
    if (cloning::is_there_already(world, *run->standby)) return prove_again(world, *run->standby);
    cloning::refuse_if_any_error(world.reporter, findings(*run->standby), "the rejoin");
    run->source = former_primary::ask(link);
    run->local = former_primary::look(world, bin_dir, options.directory, run->source);
    run->decision = decision_of(world, *run, wish_of(given.way), link);
    return execute(world, run, link);
}

ExitCode run_rejoin(RejoinOptions options) {
    Options& standby = options.standby;
    real::become(standby.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    standby.directory = files.canonical(standby.directory);
    if (!standby.config_dir.empty()) standby.config_dir = files.canonical(standby.config_dir);
    const std::string bin_dir = find_programs(world, standby);
    check_directory(world, standby);
    if (is_broken_off(world, options)) return go_on_with_refresh(world, standby, bin_dir);
    if (!repaired(world, standby)) return ExitCode::ok;
    return rejoin_by_its_way(world, options, bin_dir);
}

void add_directory_options(CLI::App& command, Options& options) {
    command.add_option("-D,--pgdata", options.directory, "data directory of the former primary, whose server is stopped")->required();
    command.add_option("--name", options.name, "name of the standby (default: host name, and port if not 5432)");
    command.add_option("--slot", options.slot, "replication slot on the new primary (default: made from the name)");
    command.add_option("--config-dir", options.config_dir, "directory of its postgresql.conf, when that is not -D");
    command.add_option("--log", options.log, "log file of the server that is started (default: server.log in -D)");
    command.add_option("--os-user", options.os_user, "user that owns the files and runs the server, when this runs as root");
    command.add_option("--bindir", options.bin_dir, "directory of PostgreSQL's programs (default: found by version)");
}

}  // namespace

void add_rejoin(CLI::App& app, Action& action) {
    const auto options = std::make_shared<RejoinOptions>();
    Options& standby = options->standby;
    CLI::App* command = app.add_subcommand("rejoin", "make a former primary on this host a standby of the new primary");
    connection::add_options(*command, standby.connection);
    add_directory_options(*command, standby);
    command->add_flag("--prepare", standby.prepare, "make the new primary ready first: extension, settings, role, pg_hba.conf");
    command->add_option("--replication-user", standby.replication_user, "role that the standby logs in as (default: one of its own, replicator_SLOT)");
    command->add_option("--standby-address", standby.standby_address, "address to admit on the new primary (default: the one that it sees)");
    command->add_option("--way", options->way, "auto, rewind or refresh: how what it alone has written is taken back (default: auto)")->check(CLI::IsMember({"auto", "rewind", "refresh"}));
    command->add_option("--drop-slot", options->dropped_slots, "slot of its time as the primary to drop on this server; can be given several times");
    command->add_option("--timeout", standby.timeout, "seconds without progress before a wait is given up (default: 300)")->check(CLI::Range(1, 86400));
    command->add_flag("-n,--dry-run", standby.dry_run, "check everything, say which way is right and print the plan; change nothing");
    command->callback([options, &action] { action = [options] { return run_rejoin(*options); }; });
}

}  // namespace commands
