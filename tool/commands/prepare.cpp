#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "core/name.hpp"
#include "tool/commands/commands.hpp"
#include "tool/failure.hpp"
#include "tool/preparation.hpp"
#include "tool/primary_facts.hpp"
#include "tool/real/database.hpp"
#include "tool/real/files.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct PrepareOptions {
    connection::Options connection;
    std::string replication_user, standby_address, passfile;
    int connection_limit = -1;
    int standbys = 0;  // 0: one more than there are
    bool dry_run = false;
};

void check_options(world::World& world, const PrepareOptions& options) {
    if (options.replication_user.empty()) return;
    as_usage([&] { name::check_role(options.replication_user); });
    if (options.passfile.empty() || options.standby_address.empty())
        throw Failure(ExitCode::usage, "--replication-user goes with --standby-address and --passfile",
                      "The role is admitted from that address only, and its generated password is written to that file only.",
                      "Add both, or leave roles to pg_replica clone --prepare on the standby's host.");
    if (world.files.kind(options.passfile) != world::Kind::missing)
        throw refused(fmt::format("\"{}\" exists", options.passfile), "A password file is never overwritten or added to.",
                      "Name a new file with --passfile.");
}

void check_primary(const cloning::PrimaryFacts& primary, const PrepareOptions& options) {
    if (primary.in_recovery)
        throw refused("the server is itself a standby", "pg_is_in_recovery() is true.", "Connect to its primary.");
    if (!primary.is_superuser)
        throw refused("only a superuser can prepare a primary", "It changes settings, roles and pg_hba.conf.",
                      "Connect as a superuser with -U.");
    if (primary.extension_version.empty() && !primary.extension_available)
        throw refused("the files of the extension pg_replica are not installed on the primary",
                      "pg_available_extensions does not list it.",
                      "Install them on the primary's host (make install in pg_replica's source, with that server's pg_config).");
    if (primary.role.exists && !options.replication_user.empty())
        throw refused(fmt::format("the role \"{}\" exists", options.replication_user),
                      "A new password would lock out the standbys that use it.",
                      "Choose another name, or admit it from another address with SELECT * FROM replica.allow_standby(...).");
}

void append_passfile_step(plan::Plan& plan, const std::shared_ptr<preparation::Preparation>& preparation,
                          const PrepareOptions& options, const cloning::PrimaryFacts& primary) {
    const auto text = [preparation, port = primary.port] {
        return conninfo::passfile_line("*", port, "*", preparation->role, preparation->password) + "\n";
    };
    plan.push_back({fmt::format("Write the role's password to {}, readable by you only", options.passfile),
                    [text, file = options.passfile](world::World& world) { world.files.write(file, text(), 0600); },
                    {},
                    {}});
}

// What still needs a restart, and the command line for the next step.
void print_result(tool::Link& link, const PrepareOptions& options, const cloning::PrimaryFacts& primary) {
    std::string waiting;
    for (const auto& row : link.query("SELECT name FROM pg_settings WHERE pending_restart ORDER BY name").rows)
        waiting += (waiting.empty() ? "" : ", ") + row[0].value_or("");
    if (!waiting.empty()) fmt::print("Restart the primary to bring into effect: {}.\n", waiting);
    const std::string role =
        options.replication_user.empty() ? " --prepare" : " --replication-user " + options.replication_user;
    fmt::print("The primary is prepared. On the standby's host: {}pg_replica clone -h {} -p {} -D DIRECTORY{}\n",
               options.passfile.empty() ? "" : "PGPASSFILE=" + options.passfile + " ", primary.host, primary.port, role);
}

ExitCode run_prepare(PrepareOptions options) {
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    if (!options.passfile.empty()) options.passfile = files.canonical(options.passfile);
    check_options(world, options);
    tool::Link link(database, database.connect(connection::parameters(options.connection), "the primary", connection::prompt(options.connection)), "the primary");
    cloning::Options asked;
    asked.connection = options.connection;
    asked.connection.no_password = true;  // only the role's existence matters here
    asked.prepare = true;
    asked.replication_user = options.replication_user;
    const cloning::PrimaryFacts primary = cloning::gather(world, link, asked);
    check_primary(primary, options);
    const auto preparation = std::make_shared<preparation::Preparation>();
    preparation->role = options.replication_user;
    preparation->address = options.standby_address;
    preparation->connection_limit = options.connection_limit;
    preparation->standbys = options.standbys > 0 ? options.standbys : primary.standbys + 1;
    preparation->extension_exists = !primary.extension_version.empty();
    preparation->uses_tls = primary.uses_tls;
    plan::Plan plan;
    preparation::append_steps(plan, link, preparation);
    if (!options.replication_user.empty()) append_passfile_step(plan, preparation, options, primary);
    if (options.dry_run) {
        fmt::print("{}", plan::describe(plan));
        return ExitCode::ok;
    }
    plan::execute(plan, world);
    print_result(link, options, primary);
    return ExitCode::ok;
}

}  // namespace

void add_prepare(CLI::App& app, Action& action) {
    const auto options = std::make_shared<PrepareOptions>();
    CLI::App* command = app.add_subcommand("prepare", "make a primary ready for standbys: extension, settings, and a role on request");
    connection::add_options(*command, options->connection);
    command->add_option("--standbys", options->standbys, "number of standbys to size the settings for (default: one more than now)")->check(CLI::Range(1, 1000));
    command->add_option("--replication-user", options->replication_user, "role to create for standbys");
    command->add_option("--standby-address", options->standby_address, "address or network to admit that role from");
    command->add_option("--connection-limit", options->connection_limit, "connection limit of that role");
    command->add_option("--passfile", options->passfile, "new file for that role's generated password");
    command->add_flag("-n,--dry-run", options->dry_run, "check and print the plan; change nothing");
    command->callback([options, &action] { action = [options] { return run_prepare(*options); }; });
}

}  // namespace commands
