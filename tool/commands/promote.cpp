#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "core/name.hpp"
#include "tool/commands/commands.hpp"
#include "tool/commands/standby_login.hpp"
#include "tool/connection.hpp"
#include "tool/failure.hpp"
#include "tool/local_server.hpp"
#include "tool/promotion.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct PromoteOptions {
    connection::Options connection;
    std::string directory, primary, os_user;
    int timeout = 300;
    bool force = false, dry_run = false, no_slots = false;
};

std::unique_ptr<world::Session> connect(world::World& world, PromoteOptions& options) {
    const conninfo::Parameters login = connection::parameters(options.connection);
    const world::Prompt prompt = connection::prompt(options.connection);
    if (options.directory.empty()) return world.database.connect(login, "the standby", prompt);
    options.directory = world.files.canonical(options.directory);
    const auto running = server::running(world, options.directory);
    if (!running)
        throw refused(fmt::format("no server runs in \"{}\"", options.directory), "Only a running standby can be promoted.",
                      "Start it, or name its server with -h and -p.");
    return local_server::connect(world, *running, login, "the standby", prompt);
}

conninfo::Parameters old_primary(const PromoteOptions& options, world::Session& standby) {
    if (!options.primary.empty()) return real::parse_connection_string(options.primary);
    return standby_login::ask(standby).parameters;
}

// A server elsewhere with the same address, another cluster for one, stands in nobody's way.
peer::Answer ask_primary(world::World& world, const conninfo::Parameters& place, const promotion::Facts& facts) {
    if (place.pairs().empty()) {
        world.reporter.warning("primary_conninfo is empty or not for this login to see: nobody was asked whether the "
                               "primary still runs");
        return {};
    }
    const peer::Answer answer = peer::ask(world.database, place);
    if (!answer.asked || answer.system_identifier == facts.system_identifier) {
        if (!answer.answers)
            world.reporter.warning(fmt::format("nothing answers at {}, where the primary was: make sure that it is stopped "
                                               "and stays so, it may run beyond a broken network", peer::place(place)));
        return answer;
    }
    world.reporter.warning(fmt::format("at {} answers a server of another cluster", peer::place(place)));
    return {};
}

ExitCode already_there(world::World& world, world::Session& server, const PromoteOptions& options) {
    if (options.dry_run) {
        fmt::print("The server is a primary already: there is nothing to do.\n");
        return ExitCode::ok;
    }
    server.query("CHECKPOINT");
    const unsigned timeline = promotion::settle_timeline(world, server, std::chrono::seconds(options.timeout));
    fmt::print("The server is a primary already, on timeline {}.\n", timeline);
    return ExitCode::ok;
}

void print_result(world::Session& server, const promotion::Run& run) {
    const conninfo::Parameters used = server.parameters();
    fmt::print("Promoted: the server on port {} is a primary on timeline {}.\n", used.get("port"), run.timeline);
    fmt::print("Make the old primary its standby, on that host: pg_replica rejoin -D DIR -h THIS_HOST -p {} -U {}\n",
               used.get("port"), name::quote_shell(used.get("user")));
    for (const std::string& standby : run.others)
        fmt::print("Point the standby {} here, on its host: pg_replica follow -D DIR -h THIS_HOST -p {} -U {}\n"
                   "or, when it is gone for good, drop its slot, which keeps WAL for it: pg_replica drop {} -h THIS_HOST -p {} -U {}\n",
                   name::quote_literal(standby), used.get("port"), name::quote_shell(used.get("user")), name::quote_shell(standby),
                   used.get("port"), name::quote_shell(used.get("user")));
}

ExitCode run_promote(PromoteOptions options) {
    if (!options.directory.empty() && !(options.connection.host.empty() && options.connection.port.empty()))
        throw Failure(ExitCode::usage, "-D goes without -h and -p", "The directory tells where its server listens.",
                      "Give -D on the standby's host, or -h and -p from anywhere.");
    if (!options.directory.empty()) real::become(options.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    const auto server = connect(world, options);
    real::forget_libpq_variables({"PGPASSFILE"});
    terminal.step("Looking at the standby and at the primary that it follows");
    promotion::Facts facts = promotion::gather(*server);
    if (!facts.in_recovery) return already_there(world, *server, options);
    const conninfo::Parameters place = old_primary(options, *server);
    const peer::Answer primary = ask_primary(world, place, facts);
    for (const std::string& sentence : promotion::known_losses(facts, primary)) terminal.fact(sentence);
    promotion::check(facts, primary, peer::place(place), options.force);
    const auto run = std::make_shared<promotion::Run>(*server, std::move(facts));
    run->patience = std::chrono::seconds(options.timeout);
    if (!options.no_slots) run->others = promotion::known_standbys(*server);
    const plan::Plan plan = promotion::make_plan(run);
    if (options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    plan::execute(plan, world);
    print_result(*server, *run);
    return ExitCode::ok;
}

}  // namespace

void add_promote(CLI::App& app, Action& action) {
    const auto options = std::make_shared<PromoteOptions>();
    CLI::App* command = app.add_subcommand("promote", "make a standby the primary, after asking whether the old one is gone");
    connection::add_options(*command, options->connection);
    command->add_option("-D,--pgdata", options->directory, "data directory of the standby, on this host, instead of -h and -p");
    command->add_option("--primary", options->primary,
                        "connection string of the old primary, to ask it (default: the standby's primary_conninfo)");
    command->add_option("--os-user", options->os_user, "user that runs the server, when this runs as root with -D");
    command->add_option("--timeout", options->timeout, "seconds without progress before a wait is given up (default: 300)")
        ->check(CLI::Range(1, 86400));
    command->add_flag("-f,--force", options->force, "promote even when the old primary answers, or is or was ahead");
    command->add_flag("--no-slots", options->no_slots, "make no replication slots for the other standbys that the primary knew");
    command->add_flag("-n,--dry-run", options->dry_run, "check everything and print the plan; change nothing");
    command->callback([options, &action] { action = [options] { return run_promote(*options); }; });
}

}  // namespace commands
