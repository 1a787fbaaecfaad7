#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "tool/commands/commands.hpp"
#include "tool/commands/standby_login.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/proof.hpp"
#include "tool/real/database.hpp"
#include "tool/real/environment.hpp"
#include "tool/real/files.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct VerifyOptions {
    connection::Options connection;
    std::string standby, standby_host, standby_port, name, directory;
    int timeout = 30;  // seconds
    bool quiet = false;
};

// The options of the primary with the standby's place in them: roles and databases are the same on both.
conninfo::Parameters standby_parameters(const VerifyOptions& options) {
    conninfo::Parameters parameters = connection::parameters(options.connection);
    if (!options.standby.empty()) {
        const conninfo::Parameters own = real::parse_connection_string(options.standby);
        // what names a place or proves an identity belongs to one server only
        for (const char* keyword : {"host", "hostaddr", "port", "password", "passfile", "service"})
            parameters.set(keyword, "");
        for (const auto& [keyword, value] : own.pairs()) parameters.set(keyword, value);
    }
    if (!options.standby_host.empty() || !options.standby_port.empty()) parameters.set("hostaddr", "");
    if (!options.standby_host.empty()) parameters.set("host", options.standby_host);
    if (!options.standby_port.empty()) parameters.set("port", options.standby_port);
    return parameters;
}

void check_usage(const VerifyOptions& options) {
    if (options.standby.empty() && options.standby_host.empty() && options.standby_port.empty())
        throw Failure(ExitCode::usage, "the standby is not named", "verify asks the primary and the standby.",
                      "Add --standby-host and --standby-port, or --standby with a connection string.");
}

std::string name_of(const VerifyOptions& options, const standby_login::Login& login) {
    if (!options.name.empty()) return options.name;
    if (!login.application_name.empty()) return login.application_name;
    throw refused("the standby's application_name cannot be found",
                  "Neither pg_stat_wal_receiver nor primary_conninfo on the standby shows it to this login.",
                  "Run GRANT pg_monitor TO the role on the primary, or give the name with --name.");
}

// A password that was changed since the receiver logged in breaks replication at its next connection only; so
// one is made now, with the login and the passfile of the standby.
void try_login(world::World& world, const VerifyOptions& options, world::Session& standby,
               standby_login::Login login) {
    const std::string directory = standby.query("SELECT current_setting('data_directory') AS directory")
                                      .at(0, "directory")
                                      .value_or("");
    if (world.files.canonical(directory) != world.files.canonical(options.directory))
        throw refused("the directory given with -D is not the standby's data directory",
                      fmt::format("The standby's data directory is \"{}\".", directory),
                      "Give that directory, and run verify on the standby's own host.");
    login.parameters.set("application_name", "pg_replica verify");
    login.parameters.set("dbname", "");
    login.parameters.set("replication", "true");
    real::forget_libpq_variables();
    const auto session =
        world.database.connect(login.parameters, "the primary as the standby does", world::Prompt::never);
    const world::Value found = session->query("IDENTIFY_SYSTEM").at(0, "systemid");
    if (found !=
        standby.query("SELECT system_identifier FROM pg_control_system()").at(0, "system_identifier"))
        throw core::Error(
            core::sqlstate::object_not_in_prerequisite_state,
            "the standby's primary_conninfo leads to another cluster",
            fmt::format("The server that it names has the system identifier {}.", found.value_or("unknown")),
            "Correct primary_conninfo on the standby.");
}

std::string result_line(const proof::Pair& pair, const proof::Streaming& streaming,
                        const proof::Marker& marker) {
    return fmt::format(
        "{}: replicates; timeline {}, slot {}, primary at {}, replayed {}, was {} bytes behind, marker "
        "arrived after {} ms\n",
        pair.application_name, streaming.timeline, pair.slot.empty() ? "none" : pair.slot,
        streaming.primary_lsn, streaming.replay_lsn, streaming.behind, marker.elapsed.count());
}

void prove(world::World& world, const VerifyOptions& options, world::Session& primary,
           world::Session& standby) {
    const standby_login::Login login = standby_login::ask(standby);
    const proof::Pair pair{primary, standby, name_of(options, login), login.slot};
    const std::chrono::seconds limit(options.timeout);
    world.reporter.step(
        fmt::format("Waiting until the standby \"{}\" streams and has replayed the primary's WAL",
                    pair.application_name));
    const proof::Streaming streaming = proof::streaming(world, pair, limit);
    world.reporter.step("Writing a marker on the primary and reading it on the standby");
    const proof::Marker marker = proof::marker(world, pair, limit);
    if (!options.directory.empty()) {
        world.reporter.step("Trying a fresh replication connection with the standby's own login");
        try_login(world, options, standby, login);
    }
    fmt::print("{}", result_line(pair, streaming, marker));
}

ExitCode run_verify(const VerifyOptions& options) {
    check_usage(options);
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal reporter(options.quiet);
    world::World world{database, files, processes, reporter};
    const world::Prompt prompt = connection::prompt(options.connection);
    const auto primary = database.connect(connection::parameters(options.connection), "the primary", prompt);
    extension_guard::require(*primary, "the primary");
    const auto standby = database.connect(standby_parameters(options), "the standby", prompt);
    reporter.step(
        "Checking that both servers belong to one cluster, one as its primary and one as a standby");
    proof::same_cluster({*primary, *standby, "", ""});
    prove(world, options, *primary, *standby);
    return ExitCode::ok;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
    const auto options = std::make_shared<VerifyOptions>();
    CLI::App* command = app.add_subcommand("verify", "prove that a standby replicates, end to end");
    connection::add_options(*command, options->connection);
    command->add_option("--standby-host", options->standby_host,
                        "host of the standby (default: as the primary)");
    command->add_option("--standby-port", options->standby_port,
                        "port of the standby (default: as the primary)");
    command->add_option("--standby", options->standby, "connection string or URI of the standby")
        ->excludes("--standby-host")
        ->excludes("--standby-port");
    command->add_option("--name", options->name,
                        "application_name of the standby (default: the one that it connects with)");
    command->add_option(
        "-D,--pgdata", options->directory,
        "data directory of the standby, on this host: also tries a fresh replication connection with\n"
        "the standby's own login; run it as the server's user, who may read the passfile");
    command->add_option("--timeout", options->timeout, "seconds to wait without progress (default: 30)")
        ->check(CLI::Range(1, 86400));
    command->add_flag("-q,--quiet", options->quiet, "print the result only");
    command->footer(
        "Writes one row into the table replica.marker on the primary. The result is one line on stdout.\n"
        "Exit status: 0 proven, 1 not proven, 3 a server cannot be reached, 4 the extension is missing.");
    command->callback([options, &action] { action = [options] { return run_verify(*options); }; });
}

}  // namespace commands
