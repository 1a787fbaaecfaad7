#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/format_option.hpp"
#include "tool/real/database.hpp"
#include "tool/real/terminal.hpp"
#include "tool/render/json.hpp"
#include "tool/slot_report.hpp"

namespace commands {

namespace {

struct SlotsOptions {
    connection::Options connection;
    Format format = Format::table;
};

world::Rows read(world::Session& session) {
    try {
        return session.query("SELECT * FROM replica.slots");
    } catch (core::Error& error) {
        if (error.sqlstate == core::sqlstate::insufficient_privilege)
            error.hint = "Run on the primary: GRANT pg_monitor TO the role that you log in as.";
        throw Failure(ExitCode::precondition, error);
    }
}

std::string json(const world::Rows& slots) {
    return render::json_text({{"schema_version", 1}, {"slots", render::json_rows(slots.columns, slots.types, slots.rows)}});
}

ExitCode run_slots(const SlotsOptions& options) {
    real::LibpqDatabase database;
    const auto session = database.connect(connection::parameters(options.connection), "the server",
                                          connection::prompt(options.connection));
    extension_guard::require(*session, "the server");
    const world::Rows slots = read(*session);
    fmt::print("{}", options.format == Format::json
                         ? json(slots)
                         : slot_report::text({slots.columns, slots.types, slots.rows}, real::output_width()));
    return ExitCode::ok;
}

}  // namespace

void add_slots(CLI::App& app, Action& action) {
    const auto options = std::make_shared<SlotsOptions>();
    CLI::App* command = app.add_subcommand("slots", "show the replication slots of a server and the WAL that they keep");
    connection::add_options(*command, options->connection);
    add_format_option(*command, options->format);
    command->callback([options, &action] { action = [options] { return run_slots(*options); }; });
}

}  // namespace commands
