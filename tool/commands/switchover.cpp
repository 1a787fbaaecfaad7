#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "core/name.hpp"
#include "tool/clone_plan.hpp"
#include "tool/commands/commands.hpp"
#include "tool/commands/standby_login.hpp"
#include "tool/failure.hpp"
#include "tool/local_server.hpp"
#include "tool/patience.hpp"
#include "tool/programs.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"
#include "tool/switching_run.hpp"

namespace commands {

namespace {

using cloning::Options;
using switching::Marker;
using switching::Run;

// What this host tells before any server is asked.
struct Here {
    std::string bin_dir;
    std::optional<server::Running> running;
    std::optional<Marker> marker;  // only together with the signal file that it explains
};

// A server that an interrupted run has told to stop or to start is on its way still.
std::optional<server::Running> settled(world::World& world, const Options& options) {
    Patience patience(world.processes, std::chrono::seconds(options.timeout));
    for (;;) {
        auto running = server::running(world, options.directory);
        if (!running || (running->status != "stopping" && running->status != "starting")) return running;
        if (patience.over())
            throw refused(fmt::format("the server in \"{}\" is {}", options.directory, running->status), {}, "Wait until it has ended.");
        patience.wait();
    }
}

Here look(world::World& world, const Options& options) {
    const std::string version = options.directory + "/PG_VERSION";
    if (world.files.kind(version) != world::Kind::file)
        throw refused(fmt::format("\"{}\" is no data directory", options.directory), "It holds no PG_VERSION.",
                      "Name the data directory of the primary, on its host, with -D.");
    if (!world.files.owned(options.directory))
        throw refused(fmt::format("\"{}\" belongs to another user than the one that runs this command", options.directory),
                      "A switchover writes to it.", "Run the command as that user (--os-user when root).");
    if (rejoin_area::look(world.files, options.directory) != rejoin_area::Stage::none)
        throw refused(fmt::format("\"{}\" holds an unfinished rejoin", options.directory), {}, "Go on with pg_replica rejoin.");
    Here here{programs::find(world, std::atoi(world.files.read(version).c_str()), options.bin_dir),
              settled(world, options), switching::read_marker(world.files, options.directory)};
    if (world.files.kind(options.directory + "/standby.signal") == world::Kind::missing) here.marker.reset();
    return here;
}

bool in_recovery(world::Session& server) { return server.query("SELECT pg_is_in_recovery()").rows.at(0).at(0) == "t"; }
std::string value(world::Session& server, const char* name) {
    return server.query("SELECT setting FROM pg_settings WHERE name = $1", {name}).at(0, "setting").value_or("");
}

std::unique_ptr<world::Session> connect_here(world::World& world, const Here& here, tool::Link& other) {
    conninfo::Parameters login;
    const conninfo::Parameters used = other.session().parameters();
    for (const char* keyword : {"user", "dbname"}) login.set(keyword, used.get(keyword));
    login.set("password", other.session().password());
    return local_server::connect(world, *here.running, login, "the server of -D", world::Prompt::never);
}

void set_when_empty(std::string& option, const std::string& value) { if (option.empty()) option = value; }

// What the user left out is what an earlier run took, or what the server calls itself.
void complete(world::World& world, Options& options, const Here& here, world::Session* own) {
    if (here.marker) {
        set_when_empty(options.name, here.marker->name);
        set_when_empty(options.slot, here.marker->slot);
        set_when_empty(options.replication_user, here.marker->role);
        set_when_empty(options.config_dir, here.marker->config_dir);
    }
    if (own != nullptr) {
        set_when_empty(options.name, value(*own, "cluster_name"));
        if (in_recovery(*own)) set_when_empty(options.slot, value(*own, "primary_slot_name"));
        const std::string file = value(*own, "config_file"), folder = file.substr(0, file.rfind('/'));
        if (!folder.empty() && folder != options.directory) set_when_empty(options.config_dir, folder);
    }
    const server::Launch launch{here.bin_dir, options.directory, options.config_dir.empty() ? "" : options.config_dir + "/postgresql.conf", ""};
    options.port = std::atoi(server::effective_setting(world, launch, "port").c_str());
    as_usage([&] { cloning::complete(world, options); });
}

std::shared_ptr<Run> make_run(world::World& world, Options options, const Here& here, tool::Link& other) {
    const std::string passfile = target::passfile_path(options.directory);
    if (world.files.kind(passfile) == world::Kind::file) options.login_passfile = passfile;
    const cloning::PrimaryFacts server = cloning::gather(world, other, options);
    cloning::HostFacts host;
    host.target.state = target::State::occupied;
    host.server_running = here.running.has_value();
    const auto base = std::make_shared<rejoin::Run>();
    base->standby = std::make_shared<cloning::Run>(options, server, host, other);
    base->standby->bin_dir = here.bin_dir;
    base->standby->marks_target = false;
    base->standby->application_name = cloning::application_name(options);
    if (options.prepare && !server.login.succeeded) base->standby->preparation = cloning::make_preparation(options, server);
    const standby_login::Login login = standby_login::ask(other.session());
    if (!login.slot.empty()) base->dropped_slots = {login.slot};
    const auto run = std::make_shared<Run>(base, switching::Facts{});
    run->facts.standby_name = login.application_name;
    run->facts.standby_slot = login.slot;
    run->marker = {server.system_identifier, options.name, options.slot, options.replication_user, options.config_dir, 0, false, false};
    return run;
}

void print_result(const Run& run) {
    const cloning::Run& standby = *run.base->standby;
    fmt::print("The server at {} port {} is the primary; \"{}\" on port {} streams from it over slot \"{}\".\n",
               standby.primary.host, standby.primary.port, standby.options.name, standby.options.port, standby.options.slot);
    if (!run.begun && run.without_writes.count() > 0) fmt::print("No server took writes for {} ms.\n", run.without_writes.count());
    for (const switching::Other& other : run.facts.others)
        fmt::print("\"{}\" follows this server still; on its host{}, run: pg_replica follow -D ITS_DIRECTORY -h {} -p {} -U {}\n",
                   other.name, other.address.empty() ? "" : " " + other.address, name::quote_shell(standby.primary.host),
                   standby.primary.port, name::quote_shell(standby.primary.user));
}

void lock(world::World& world, Run& run) {
    if (!world.files.lock_directory(run.directory()))
        throw refused(fmt::format("another pg_replica works on \"{}\"", run.directory()), {}, "Wait until it has ended.");
}

ExitCode execute(world::World& world, Run& run, const plan::Plan& plan) {
    if (run.standby().options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    lock(world, run);
    run.standby().link.session().answer_within(std::chrono::seconds(30));
    try {
        plan::execute(plan, world);
    } catch (Failure& failure) {
        failure.detail += (failure.detail.empty() ? "" : "\n") + switching::who_is_primary(run);
        throw;
    }
    print_result(run);
    return ExitCode::ok;
}

// A standby whose primary was away a moment ago comes back by itself: it tries every five seconds.
switching::Facts gather_soon(world::World& world, Run& run, world::Session& primary) {
    Patience patience(world.processes, std::chrono::seconds(10));
    for (;;) {
        auto facts = switching::gather(primary, run.standby().link.session(), run.facts.standby_name, run.facts.standby_slot);
        if (facts.state == "streaming" || facts.standby.paused || patience.over()) return facts;
        patience.wait();
    }
}

// Both work: the primary here, its standby there.
ExitCode begin(world::World& world, const std::shared_ptr<Run>& run, std::unique_ptr<world::Session> primary) {
    world.reporter.step("Looking at both servers");
    proof::same_cluster({*primary, run->standby().link.session(), "", ""});
    run->facts = gather_soon(world, *run, *primary);
    cloning::refuse_if_any_error(world.reporter, switching::findings(run->standby().options, run->facts, run->standby().primary),
                                 "the switchover");
    run->primary = std::make_unique<tool::Link>(world.database, std::move(primary), "the primary");
    return execute(world, *run, switching::make_plan(run));
}

// An earlier run has fenced the server here, and has not got as far as a new primary.
ExitCode go_on(world::World& world, const std::shared_ptr<Run>& run, const Marker& marker) {
    world.reporter.step("Going on with the switchover that was begun: no server is a primary now");
    run->facts.standby = promotion::gather(run->standby().link.session());
    run->marker = marker;
    run->begun = true;
    return execute(world, *run, switching::make_plan(run));
}

// The other one is the primary: what is left is a rejoin, which looks for itself whether this server has more than it should.
ExitCode finish(world::World& world, const std::shared_ptr<Run>& run, const Here& here) {
    world.reporter.step("Going on with the switchover that was begun: the new primary is there, this server is to be its standby");
    rejoin::Run& base = *run->base;
    run->begun = true;
    run->marker.promoting = true;
    base.source = former_primary::ask(run->standby().link);
    base.local = former_primary::look(world, here.bin_dir, run->directory(), base.source);
    base.decision = former_primary::decide(base.source, base.local);
    if (base.decision.way != former_primary::Way::follow)
        throw refused(fmt::format("\"{}\" cannot follow the new primary as it is", run->directory()), base.decision.why + ".",
                      "pg_replica rejoin, with the same -D, -h, -p and -U, brings it back.");
    plan::Plan plan = rejoin::make_plan(run->base);
    plan.push_back({"Remove the mark of the unfinished switchover",
                    [run](world::World& w) { switching::remove_marker(w.files, run->directory()); }, {}, {}});
    return execute(world, *run, plan);
}

ExitCode prove_again(world::World& world, Run& run, bool unfinished) {
    world.reporter.step("It is a standby of that primary already and runs: nothing is left to be switched");
    if (!cloning::is_there_already(world, run.standby()))
        throw refused(fmt::format("the standby in \"{}\" does not follow that server over the slot \"{}\"", run.directory(),
                                  run.standby().options.slot), {}, "Point it there with pg_replica follow.");
    run.begun = true;
    cloning::see_streaming(world, run.standby());
    if (run.standby().options.dry_run) return ExitCode::ok;
    lock(world, run);
    cloning::see_marker(world, run.standby());
    if (unfinished) {
        rejoin::look_at_slots(world, *run.base);
        switching::remove_marker(world.files, run.directory());
    }
    print_result(run);
    return ExitCode::ok;
}

Failure not_running(const Options& options, bool other_is_standby) {
    if (other_is_standby)
        return refused(fmt::format("no server runs in \"{}\"", options.directory), "Roles are changed while both servers run.",
                       "Start it; if it cannot be started, pg_replica promote makes the standby the primary.");
    return refused(fmt::format("no server runs in \"{}\", and the other one is a primary", options.directory),
                   "There is nothing to switch.", "Make this one its standby with pg_replica rejoin.");
}

Failure two_of_a_kind(const Options& options, bool standbys) {
    if (standbys)
        return refused(fmt::format("the server in \"{}\" is a standby, and so is the other one", options.directory),
                       "A switchover runs on the primary's host: -D is the primary's directory, -h and -p lead to its standby.",
                       "Run it there. When no server is the primary any more, pg_replica promote makes one.");
    return refused(fmt::format("the server in \"{}\" is a primary, and so is the other one", options.directory),
                   "Two primaries take writes, or the other one belongs to another cluster.",
                   "Check -h and -p. If both are of one cluster, stop the wrong one at once, and bring it back with pg_replica rejoin.");
}

ExitCode decide(world::World& world, Options options, tool::Link& other) {
    const Here here = look(world, options);
    auto own = here.running ? connect_here(world, here, other) : nullptr;
    const bool there = in_recovery(other.session()), runs = own != nullptr;
    const bool primary = runs && !in_recovery(*own);
    const bool ours = here.marker && here.marker->system_identifier ==
                      other.value("SELECT system_identifier FROM pg_control_system()").value_or("");
    if (primary && !there) throw two_of_a_kind(options, false);
    if (!primary && there && !ours) throw runs ? two_of_a_kind(options, true) : not_running(options, true);
    if (!runs && !there && !ours) throw not_running(options, false);
    complete(world, options, here, own.get());
    const auto run = make_run(world, options, here, other);
    if (primary) return begin(world, run, std::move(own));
    own.reset();
    if (there) return go_on(world, run, *here.marker);
    return runs ? prove_again(world, *run, ours) : finish(world, run, here);
}

ExitCode run_switchover(Options options) {
    real::become(options.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    options.directory = files.canonical(options.directory);
    if (!options.config_dir.empty()) options.config_dir = files.canonical(options.config_dir);
    tool::Link other(database, database.connect(connection::parameters(options.connection), "the standby",
                                                connection::prompt(options.connection)), "the standby");
    real::forget_libpq_variables({"PGPASSFILE"});
    return decide(world, options, other);
}

}  // namespace

void add_switchover(CLI::App& app, Action& action) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("switchover", "change roles: a standby becomes the primary, the primary on this host its standby");
    connection::add_options(*command, options->connection);
    command->add_option("-D,--pgdata", options->directory, "data directory of the primary, on this host; -h and -p lead to the standby")->required();
    command->add_option("--name", options->name, "name of this server as a standby (default: its cluster_name, or host name and port)");
    command->add_option("--slot", options->slot, "replication slot on the new primary (default: made from the name)");
    command->add_option("--config-dir", options->config_dir, "directory of its postgresql.conf, when that is not -D (default: as it runs)");
    command->add_option("--log", options->log, "log file of the server that is started (default: server.log in -D)");
    command->add_option("--os-user", options->os_user, "user that owns the files and runs the server, when this runs as root");
    command->add_option("--bindir", options->bin_dir, "directory of PostgreSQL's programs (default: found by version)");
    command->add_flag("--prepare", options->prepare, "make what is missing first: a replication role, and its admission by the standby's pg_hba.conf");
    command->add_option("--replication-user", options->replication_user, "role that this server logs in as afterwards (default: one of its own, replicator_SLOT)");
    command->add_option("--standby-address", options->standby_address, "address of this host to admit on the standby (default: the one that it sees)");
    command->add_option("--timeout", options->timeout, "seconds without progress before a wait is given up (default: 300)")->check(CLI::Range(1, 86400));
    command->add_flag("-n,--dry-run", options->dry_run, "check both servers and print the plan; change nothing");
    command->footer("It runs on the primary's host: of the two, only that server has to be stopped, and only its directory has to be\n"
                    "changed, so that it never comes back as a primary. The standby is promoted over SQL. When a run breaks off, the\n"
                    "same command goes on.");
    command->callback([options, &action] { action = [options] { return run_switchover(*options); }; });
}

}  // namespace commands
