// demo: a throw-away primary as initdb makes it, and its standby by the tool's own commands, in a folder of its own.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>  // join, since fmt 11
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "core/conf.hpp"
#include "core/conninfo.hpp"
#include "tool/commands/commands.hpp"
#include "tool/failure.hpp"
#include "tool/plan.hpp"
#include "tool/programs.hpp"
#include "tool/real/database.hpp"
#include "tool/real/files.hpp"
#include "tool/real/os_user.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"
#include "tool/secret.hpp"
#include "tool/server.hpp"

namespace commands {

namespace {

constexpr int newest_major = 19, oldest_major = 13;
constexpr std::chrono::seconds start_limit{60};
// the path of a Unix-domain socket has at most 107 bytes
constexpr std::size_t longest_socket_directory = 80;

struct DemoOptions {
    std::string directory, bin_dir, os_user;
    int scale = 10;
    bool keep = false;
};

struct Demo {
    DemoOptions options;
    std::string bin_dir, primary, standby, passfile;
    int primary_port = 0, standby_port = 0;
    bool made_directory = false;

    std::vector<std::string> login() const {
        return {"-h", "127.0.0.1", "-p", std::to_string(primary_port), "-U", "postgres", "-d", "postgres"};
    }
};

std::string find_programs(world::World& world, const std::string& bin_dir) {
    if (!bin_dir.empty()) return programs::find(world, programs::major_version(world, bin_dir + "/postgres"), bin_dir);
    for (int major = newest_major; major > oldest_major; --major) {
        try {
            return programs::find(world, major, {});
        } catch (const Failure&) {
            continue;
        }
    }
    return programs::find(world, oldest_major, {});
}

int free_port(world::World& world, int from) {
    while (!world.processes.port_free(from)) ++from;
    return from;
}

void run(world::World& world, const Demo& demo, std::vector<std::string> argv) {
    const std::string program = argv[0];
    argv[0] = demo.bin_dir + "/" + program;
    const world::Outcome outcome = world.processes.run({argv, {{"PGPASSFILE", demo.passfile}}});
    if (outcome.status != 0)
        throw core::Error(core::sqlstate::io_error, fmt::format("{} failed", program), outcome.output,
                          "Mend what it names, then run the same command again.");
}

// One of the tool's own commands, as if it had been typed.
ExitCode invoke(world::World& world, std::vector<std::string> arguments) {
    world.reporter.fact(fmt::format("$ pg_replica {}", fmt::join(arguments, " ")));
    CLI::App app;
    app.set_help_flag();
    Action action;
    add_clone(app, action);
    add_status(app, action);
    add_verify(app, action);
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
    const ExitCode code = action();
    std::fflush(stdout);
    return code;
}

void must_succeed(ExitCode code) {
    if (code != ExitCode::ok)
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "a command of the demo failed",
                          fmt::format("Its exit status is {}.", static_cast<int>(code)));
}

std::vector<std::string> with(std::vector<std::string> list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
}

void make_directory(world::World& world, Demo& demo) {
    const std::string& directory = demo.options.directory;
    if (world.files.kind(directory) == world::Kind::missing)
        world.files.make_directory(directory, 0700);
    else if (world.files.kind(directory) != world::Kind::directory || !world.files.list(directory).empty())
        throw core::Error(core::sqlstate::object_in_use, fmt::format("\"{}\" is not an empty directory", directory), {},
                          "Choose another one with --directory.");
    demo.made_directory = true;
}

void remove_directory(world::World& world, Demo& demo) {
    if (demo.made_directory) world.files.remove_tree(demo.options.directory);
}

void make_primary(world::World& world, Demo& demo) {
    const std::string password = secret::generate(), password_file = demo.options.directory + "/password";
    world.files.write(password_file, password + "\n", 0600);
    world.files.write(demo.passfile, conninfo::passfile_line("*", "*", "*", "postgres", password) + "\n", 0600);
    run(world, demo, {"initdb", "-D", demo.primary, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", password_file});
    world.files.remove(password_file);
    const std::string file = demo.primary + "/postgresql.conf";
    const bool short_enough = demo.options.directory.size() <= longest_socket_directory;
    world.files.write(file,
                      world.files.read(file) + conf::line({"listen_addresses", "127.0.0.1"}) +
                          conf::line({"port", std::to_string(demo.primary_port)}) +
                          conf::line({"unix_socket_directories", short_enough ? demo.options.directory : ""}),
                      0600);
    server::start(world, {demo.bin_dir, demo.primary, {}, demo.options.directory + "/primary.log"}, start_limit);
}

void fill_primary(world::World& world, Demo& demo) {
    if (world.files.kind(demo.bin_dir + "/pgbench") != world::Kind::file)
        return world.reporter.fact("pgbench is not installed: the primary stays empty");
    run(world, demo, with({"pgbench", "-i", "-q", "-s", std::to_string(demo.options.scale), "-h", "127.0.0.1", "-p",
                           std::to_string(demo.primary_port), "-U", "postgres"}, {"postgres"}));
}

void make_standby(world::World& world, Demo& demo) {
    must_succeed(invoke(world, with(with({"clone", "--prepare"}, demo.login()),
                                    {"-D", demo.standby, "--port", std::to_string(demo.standby_port), "--name", "standby1",
                                     "--bindir", demo.bin_dir})));
}

void show(world::World& world, Demo& demo) {
    // its exit status is the health, and a setting that waits for a restart is a warning
    invoke(world, with({"status"}, demo.login()));
    must_succeed(invoke(world, with(with({"verify"}, demo.login()),
                                    {"--name", "standby1", "--standby-port", std::to_string(demo.standby_port)})));
}

void stop_both(world::World& world, Demo& demo) {
    server::stop(world, demo.standby);
    server::stop(world, demo.primary);
}

void print_how_to(const Demo& demo) {
    fmt::print("\nBoth servers run. Connect:\n");
    for (const int port : {demo.primary_port, demo.standby_port})
        fmt::print("    PGPASSFILE={} {}/psql -h 127.0.0.1 -p {} -U postgres postgres\n", demo.passfile, demo.bin_dir, port);
    fmt::print("Look:\n    PGPASSFILE={} pg_replica status {}\n", demo.passfile, fmt::join(demo.login(), " "));
    fmt::print("Stop and remove:\n");
    for (const std::string& directory : {demo.standby, demo.primary})
        fmt::print("    {}/pg_ctl -D {} stop\n", demo.bin_dir, directory);
    fmt::print("    rm -r {}\n", demo.options.directory);
}

plan::Plan make_plan(const std::shared_ptr<Demo>& demo) {
    const auto bound = [demo](void (*action)(world::World&, Demo&)) -> std::function<void(world::World&)> {
        return [demo, action](world::World& world) { action(world, *demo); };
    };
    const auto left = [demo] { return fmt::format("The folder is still there: rm -r {}", demo->options.directory); };
    return {{fmt::format("Work in {}", demo->options.directory), bound(make_directory), bound(remove_directory), left},
            {fmt::format("Make a stock primary with SCRAM passwords on port {}", demo->primary_port), bound(make_primary),
             bound(stop_both), {}},
            {fmt::format("Fill it with pgbench data, scale {}", demo->options.scale), bound(fill_primary), {}, {}},
            {"Make its standby", bound(make_standby), bound(stop_both), {}},
            {"See and prove it", bound(show), {}, {}}};
}

std::string new_directory() { return fmt::format("{}/pg_replica_demo.{}", std::filesystem::temp_directory_path().string(), getpid()); }

ExitCode run_demo(const DemoOptions& options) {
    real::become(options.os_user);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    const auto demo = std::make_shared<Demo>();
    demo->options = options;
    demo->options.directory = files.canonical(options.directory.empty() ? new_directory() : options.directory);
    demo->primary = demo->options.directory + "/primary";
    demo->standby = demo->options.directory + "/standby";
    demo->passfile = demo->options.directory + "/passfile";
    demo->bin_dir = find_programs(world, options.bin_dir);
    demo->primary_port = free_port(world, 5440);
    demo->standby_port = free_port(world, demo->primary_port + 1);
    setenv("PGPASSFILE", demo->passfile.c_str(), 1);  // for the commands that run in this process
    plan::execute(make_plan(demo), world);
    if (options.keep) {
        print_how_to(*demo);
        return ExitCode::ok;
    }
    terminal.step("Stop both and remove the folder (--keep would leave them)");
    stop_both(world, *demo);
    remove_directory(world, *demo);
    return ExitCode::ok;
}

}  // namespace

void add_demo(CLI::App& app, Action& action) {
    const auto options = std::make_shared<DemoOptions>();
    CLI::App* command = app.add_subcommand("demo", "a throw-away primary and its standby on this host, to look at");
    command->add_option("--directory", options->directory, "folder to work in: missing or empty (default: a new one)");
    command->add_option("--scale", options->scale, "pgbench scale of the primary's data (default: 10)")->check(CLI::Range(1, 10000));
    command->add_flag("--keep", options->keep, "leave both servers running and print how to connect, look and stop");
    command->add_option("--os-user", options->os_user, "user that runs the servers, when this runs as root");
    command->add_option("--bindir", options->bin_dir, "directory of PostgreSQL's programs (default: the newest found)");
    command->callback([options, &action] { action = [options] { return run_demo(*options); }; });
}

}  // namespace commands
