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

void check_passfile(world::World& world, const std::string& file) {
    if (world.files.kind(file) != world::Kind::missing)
        throw refused(fmt::format("\"{}\" exists", file), "A password file is never overwritten or added to.",
                      "Name a new file with --passfile.");
    const std::string directory = std::filesystem::path(file).parent_path().string();
    if (world.files.kind(directory) != world::Kind::directory)
        throw refused(fmt::format("\"{}\" cannot be created", file), fmt::format("\"{}\" is no directory.", directory),
                      fmt::format("mkdir -p {}", name::quote_shell(directory)));
    if (!world.files.writable(directory))
        throw refused(fmt::format("\"{}\" cannot be created", file),
                      fmt::format("This user may not write in \"{}\".", directory), "Name a file elsewhere with --passfile.");
}

void check_options(world::World& world, const PrepareOptions& options) {
    if (options.replication_user.empty()) return;
    as_usage([&] { name::check_role(options.replication_user); });
    if (options.passfile.empty() || options.standby_address.empty())
        throw Failure(ExitCode::usage, "--replication-user goes with --standby-address and --passfile",
                      "The role is admitted from that address only, and its generated password is written to that file only.",
                      "Add both, or leave roles to pg_replica clone --prepare on the standby's host.");
    check_passfile(world, options.passfile);
}

// As replica.allow_standby reads it, but before anything is changed and also where the extension is not there yet.
void check_address(tool::Link& link, const std::string& address) {
    if (address.empty() || address == "local") return;
    const auto wrong = [&address](const std::string& what, const std::string& detail) {
        return Failure(ExitCode::usage, fmt::format("\"{}\" {}", address, what), detail,
                       "Give --standby-address an address such as 10.0.0.5 or fd00::5, or a network such as 10.0.0.0/24.");
    };
    world::Rows read;
    try {
        read = link.query(
            "SELECT host(a) <> host(network(a)) AND masklen(a) < CASE family(a) WHEN 4 THEN 32 ELSE 128 END, "
            "masklen(a) < CASE family(a) WHEN 4 THEN 8 ELSE 32 END, network(a) FROM (SELECT $1::inet) AS given (a)",
            {address});
    } catch (const core::Error& error) {
        if (error.sqlstate.substr(0, 2) != "22") throw;
        throw wrong("is not an IP address or network", "Host names and the keywords of pg_hba.conf are not taken.");
    }
    const auto& row = read.rows.at(0);
    if (row.at(0) == "t" || row.at(1) == "t")
        throw wrong("admits more than it says", fmt::format("It means the whole network {}.", row.at(2).value_or("?")));
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

// The command line of the next step, to be pasted.
std::string clone_command(const conninfo::Parameters& login, const PrepareOptions& options) {
    std::string command = "pg_replica clone";
    const auto add = [&command](const char* option, const std::string& value) {
        if (!value.empty()) command += fmt::format(" {} {}", option, name::quote_shell(value));
    };
    add("-h", login.get("host"));
    add("-p", login.get("port"));
    add("-U", login.get("user"));
    add("-d", login.get("dbname"));
    command += " -D DIRECTORY";
    if (options.replication_user.empty()) return command + " --prepare";
    add("--replication-user", options.replication_user);
    return fmt::format("PGPASSFILE={} {}", name::quote_shell(options.passfile), command);
}

// What still needs a restart, and what comes next.
void print_result(tool::Link& link, const PrepareOptions& options) {
    const auto waiting = link.value("SELECT array_to_string(pending_restart, ', ') FROM replica.node").value_or("");
    if (!waiting.empty()) fmt::print("Restart the primary to bring into effect: {}.\n", waiting);
    const conninfo::Parameters login = link.session().parameters();
    fmt::print("The primary is prepared. On the standby's host:\n    {}\n", clone_command(login, options));
    if (!options.replication_user.empty())
        fmt::print("Take {} along to that host; the password of {} belongs into it, too, or is asked for on a terminal.\n",
                   options.passfile, login.get("user"));
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
    if (!options.replication_user.empty()) check_address(link, options.standby_address);
    const auto preparation = std::make_shared<preparation::Preparation>();
    preparation->role = options.replication_user;
    preparation->address = options.standby_address;
    preparation->connection_limit = options.connection_limit;
    preparation->standbys = options.standbys > 0 ? options.standbys : preparation::enough_for_one_more(primary.standbys);
    preparation->extension_exists = !primary.extension_version.empty();
    preparation->uses_tls = primary.uses_tls;
    plan::Plan plan;
    preparation::append_steps(plan, link, preparation);
    if (!options.replication_user.empty()) append_passfile_step(plan, preparation, options, primary);
    if (options.dry_run) {
        fmt::print("{}{}", plan::describe(plan), preparation::describe_settings(link, *preparation));
        return ExitCode::ok;
    }
    plan::execute(plan, world);
    print_result(link, options);
    return ExitCode::ok;
}

}  // namespace

void add_prepare(CLI::App& app, Action& action) {
    const auto options = std::make_shared<PrepareOptions>();
    CLI::App* command = app.add_subcommand("prepare", "make a primary ready for standbys: extension, settings, and a role on request");
    connection::add_options(*command, options->connection);
    command->add_option("--standbys", options->standbys, "number of standbys to size the settings for (default: enough for one more)")->check(CLI::Range(1, 1000));
    command->add_option("--replication-user", options->replication_user, "role to create for standbys");
    command->add_option("--standby-address", options->standby_address, "address or network to admit that role from");
    command->add_option("--connection-limit", options->connection_limit, "connection limit of that role");
    command->add_option("--passfile", options->passfile, "new file for that role's generated password");
    command->add_flag("-n,--dry-run", options->dry_run, "check and print the plan; change nothing");
    command->callback([options, &action] { action = [options] { return run_prepare(*options); }; });
}

}  // namespace commands
