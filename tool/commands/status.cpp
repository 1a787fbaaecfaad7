#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/real/database.hpp"

namespace commands {

namespace {

struct StatusOptions {
    connection::Options connection;
};

ExitCode run_status(const StatusOptions& options) {
    real::LibpqDatabase database;
    const auto session = database.connect(connection::parameters(options.connection), "the server",
                                          connection::prompt(options.connection));
    const auto rows = session->query("SELECT * FROM replica.slots");
    for (std::size_t row = 0; row < rows.rows.size(); ++row)
        fmt::print("{}\n", rows.at(row, "slot_name").value_or(""));
    return ExitCode::ok;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
    const auto options = std::make_shared<StatusOptions>();
    CLI::App* command = app.add_subcommand("status", "show this server and its standbys");
    connection::add_options(*command, options->connection);
    command->callback([options, &action] { action = [options] { return run_status(*options); }; });
}

}  // namespace commands
