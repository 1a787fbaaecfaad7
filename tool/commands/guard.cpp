#include "tool/guard.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "tool/commands/commands.hpp"
#include "tool/control_file.hpp"
#include "tool/failure.hpp"
#include "tool/programs.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct GuardOptions {
    std::string directory, os_user, bin_dir;
    std::vector<std::string> peers;
    bool strict = false;
};

guard::Own own_timeline(world::World& world, const GuardOptions& options) {
    const std::string version = options.directory + "/PG_VERSION";
    if (world.files.kind(version) != world::Kind::file)
        throw refused(fmt::format("\"{}\" is no data directory", options.directory), "It holds no PG_VERSION.", "Check -D.");
    const std::string folder = programs::find(world, std::atoi(world.files.read(version).c_str()), options.bin_dir);
    const auto control = control_file::read(world, folder, options.directory);
    if (!control)
        throw refused(fmt::format("the control file of \"{}\" cannot be read", options.directory), "pg_controldata failed.",
                      "Look at the data directory before it is started.");
    return {control->system_identifier, control->timeline};
}

// How many of the peers could tell what they are. The first primary among them ends it.
std::size_t ask_all(world::World& world, const GuardOptions& options, const std::vector<std::string>& peers) {
    const guard::Own own = own_timeline(world, options);
    std::size_t told = 0;
    for (const std::string& peer : peers) {
        const conninfo::Parameters parameters = real::parse_connection_string(peer);
        const peer::Answer answer = peer::ask(world.database, parameters);
        guard::check(own, answer, peer::place(parameters), options.directory);
        if (answer.asked)
            ++told;
        else
            world.reporter.warning(fmt::format("{} {}", peer::place(parameters),
                                               answer.answers ? "does not let itself be asked" : "does not answer"));
    }
    return told;
}

ExitCode ask_others(world::World& world, const GuardOptions& options) {
    std::vector<std::string> peers = options.peers;
    for (const std::string& peer : guard::known_peers(world.files, options.directory)) peers.push_back(peer);
    if (peers.empty()) world.reporter.warning("no other server of the cluster is known");
    const std::size_t told = ask_all(world, options, peers);
    if (told == 0 && options.strict)
        throw refused(fmt::format("nobody could tell whether \"{}\" may start as a primary", options.directory),
                      fmt::format("{} servers were asked.", peers.size()),
                      fmt::format("Name them with --peer or in {}/{}, or start without --strict.", options.directory,
                                  guard::peers_file));
    fmt::print("It may start as a primary: {} of {} other servers were asked, and none is the primary.\n", told, peers.size());
    return ExitCode::ok;
}

ExitCode run_guard(GuardOptions options) {
    real::become(options.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal(true);
    world::World world{database, files, processes, terminal};
    real::forget_libpq_variables({"PGPASSFILE"});
    options.directory = files.canonical(options.directory);
    switch (guard::look(files, options.directory)) {
        case guard::Kind::unfinished:
            throw refused(fmt::format("\"{}\" is unfinished", options.directory),
                          "A clone, refresh or rejoin of pg_replica has not ended, or did not succeed.",
                          "Run the same clone, refresh or rejoin again; it starts the server itself.");
        case guard::Kind::standby: fmt::print("It starts as a standby.\n"); return ExitCode::ok;
        case guard::Kind::primary: break;
    }
    return ask_others(world, options);
}

}  // namespace

void add_guard(CLI::App& app, Action& action) {
    const auto options = std::make_shared<GuardOptions>();
    CLI::App* command = app.add_subcommand("guard", "tell whether a data directory may start as a primary, for a service to ask");
    command->add_option("-D,--pgdata", options->directory, "data directory whose server is about to start")->required();
    command->add_option("--peer", options->peers, "connection string of another server of the cluster; can be given several times");
    command->add_flag("--strict", options->strict, "also refuse when no other server could be asked");
    command->add_option("--os-user", options->os_user, "user that owns the directory, when this runs as root");
    command->add_option("--bindir", options->bin_dir, "directory of PostgreSQL's programs (default: found by version)");
    command->footer("Exit status: 0 it may start, 4 it must not; other than 0 keeps a service from starting it.");
    command->callback([options, &action] { action = [options] { return run_guard(*options); }; });
}

}  // namespace commands
