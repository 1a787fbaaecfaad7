#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "core/name.hpp"
#include "tool/commands/commands.hpp"
#include "tool/commands/standby_login.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/following.hpp"
#include "tool/local_server.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"
#include "tool/target.hpp"

namespace commands {

namespace {

struct FollowOptions {
    connection::Options connection;
    std::string directory, slot, os_user;
    int timeout = 300;
    bool dry_run = false;
};

std::unique_ptr<world::Session> connect_standby(world::World& world, const FollowOptions& options, tool::Link& upstream) {
    const auto running = server::running(world, options.directory);
    if (!running)
        throw refused(fmt::format("no server runs in \"{}\"", options.directory), "A running standby is pointed elsewhere.",
                      "Start it; a former primary is brought back with pg_replica rejoin.");
    conninfo::Parameters login;
    const conninfo::Parameters used = upstream.session().parameters();
    for (const char* keyword : {"user", "dbname"}) login.set(keyword, used.get(keyword));
    login.set("password", upstream.session().password());
    return local_server::connect(world, *running, login, "the standby", world::Prompt::never);
}

std::string setting(world::Session& session, const char* name) {
    return session.query("SELECT setting FROM pg_settings WHERE name = $1", {name}).at(0, "setting").value_or("");
}

// Name, role and password file are those that it has: only the place of the server changes.
std::shared_ptr<following::Run> make_run(world::World& world, const FollowOptions& options, tool::Link& upstream,
                                         world::Session& standby) {
    const standby_login::Login login = standby_login::ask(standby);
    if (login.parameters.pairs().empty())
        throw refused("the standby has no primary_conninfo, or this login may not see it", {},
                      "Log in as a superuser with -U.");
    const auto run = std::make_shared<following::Run>(upstream, standby);
    run->directory = options.directory;
    run->name = login.application_name;
    run->role = login.parameters.get("user");
    run->slot = !options.slot.empty() ? options.slot : !login.slot.empty() ? login.slot : name::slot_from(run->name);
    as_usage([&] { name::check_slot(run->slot); });
    run->conninfo_before = setting(standby, "primary_conninfo");
    run->slot_before = setting(standby, "primary_slot_name");
    run->patience = std::chrono::seconds(options.timeout);
    run->passfile = target::passfile_path(options.directory);
    const std::string known = login.parameters.has("passfile") ? login.parameters.get("passfile") : run->passfile;
    run->password = login.parameters.get("password");
    if (run->password.empty() && world.files.kind(known) == world::Kind::file)
        run->password = following::password_for(world.files.read(known), run->role);
    return run;
}

ExitCode run_follow(FollowOptions options) {
    real::become(options.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    options.directory = files.canonical(options.directory);
    tool::Link upstream(database, database.connect(connection::parameters(options.connection), "the upstream",
                                                   connection::prompt(options.connection)), "the upstream");
    real::forget_libpq_variables({"PGPASSFILE"});
    extension_guard::require(upstream.session(), "the upstream");
    const auto standby = connect_standby(world, options, upstream);
    terminal.step("Checking that both belong to one cluster, and that the standby can go on from there");
    proof::same_cluster({upstream.session(), *standby, "", ""}, proof::Upstream::standby_too);
    const auto run = make_run(world, options, upstream, *standby);
    run->facts = following::ask(upstream.session());
    following::check(following::ask(*standby), run->facts);
    const plan::Plan plan = following::make_plan(run);
    if (options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    plan::execute(plan, world);
    fmt::print("\"{}\" follows {} port {} on timeline {}.\n", run->name, run->login.get("host"), run->login.get("port"),
               run->streaming.timeline);
    if (!run->slot_before.empty())
        fmt::print("If the server that it followed before still runs, drop its slot there: SELECT * FROM replica.drop_slot({});\n",
                   name::quote_literal(run->slot_before));
    return ExitCode::ok;
}

}  // namespace

void add_follow(CLI::App& app, Action& action) {
    const auto options = std::make_shared<FollowOptions>();
    CLI::App* command = app.add_subcommand("follow", "point a running standby on this host to another upstream");
    connection::add_options(*command, options->connection);
    command->add_option("-D,--pgdata", options->directory, "data directory of the standby")->required();
    command->add_option("--slot", options->slot, "replication slot on the upstream (default: of the name that it has now)");
    command->add_option("--os-user", options->os_user, "user that runs the server, when this runs as root");
    command->add_option("--timeout", options->timeout, "seconds without progress before a wait is given up (default: 300)")
        ->check(CLI::Range(1, 86400));
    command->add_flag("-n,--dry-run", options->dry_run, "check everything and print the plan; change nothing");
    command->callback([options, &action] { action = [options] { return run_follow(*options); }; });
}

}  // namespace commands
