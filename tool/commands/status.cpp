#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/format_option.hpp"
#include "tool/real/database.hpp"
#include "tool/real/terminal.hpp"
#include "tool/status_report.hpp"

namespace commands {

namespace {

struct StatusOptions {
    connection::Options connection;
    Format format = Format::table;
};

// What cannot be read is unknown: an exit code of 1 or 2 would be taken for a verdict on the servers.
world::Rows read(world::Session& session, const std::string& view) {
    try {
        return session.query("SELECT * FROM " + view);
    } catch (core::Error& error) {
        if (error.sqlstate == core::sqlstate::insufficient_privilege)
            error.hint = "Run on the primary: GRANT pg_monitor TO the role that you log in as.";
        throw Failure(ExitCode::unknown, error);
    }
}

ExitCode run_status(const StatusOptions& options) {
    real::LibpqDatabase database;
    const auto session = database.connect(connection::parameters(options.connection), "the server",
                                          connection::prompt(options.connection));
    extension_guard::require(*session, "the server");
    const world::Rows node = read(*session, "replica.node"), standbys = read(*session, "replica.standbys");
    fmt::print("{}", options.format == Format::json
                         ? status_report::json(node, standbys)
                         : status_report::text(node, standbys, real::output_width()));
    return status_report::worst(node, standbys);
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
    const auto options = std::make_shared<StatusOptions>();
    CLI::App* command = app.add_subcommand("status", "show this server and its standbys");
    connection::add_options(*command, options->connection);
    add_format_option(*command, options->format);
    command->footer(
        "Exit status: the worst health, 0 ok, 1 warning, 2 critical (also a wrong command line), 3 unknown "
        "(also a\n"
        "server that cannot be reached or read); 4 when the extension pg_replica is not in the database.");
    command->callback([options, &action] { action = [options] { return run_status(*options); }; });
}

}  // namespace commands
