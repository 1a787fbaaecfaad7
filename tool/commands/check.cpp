#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "tool/check_report.hpp"
#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/format_option.hpp"
#include "tool/real/database.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct CheckOptions {
    connection::Options connection;
    std::string replication_user, standby_address;
    int standbys = 1;
    Format format = Format::table;
};

world::Value given(const std::string& text) { return text.empty() ? world::Value{} : text; }

// A standby on this host comes from the address that this connection comes from; NULL is a Unix-domain
// socket.
world::Rows ask(world::Session& session, const CheckOptions& options) {
    try {
        return session.query(
            "SELECT name, status, detail, hint FROM replica.check(standbys => $1::integer, role_name => "
            "$2::text,"
            " address => coalesce($3::text, host(inet_client_addr())), tls => $4::boolean)",
            {std::to_string(options.standbys), given(options.replication_user),
             given(options.standby_address), session.uses_tls() ? "t" : "f"});
    } catch (core::Error& error) {
        if (error.sqlstate == core::sqlstate::insufficient_privilege && error.hint.empty())
            error.hint =
                "Log in as a superuser, or have one run GRANT USAGE ON SCHEMA replica and GRANT EXECUTE ON "
                "FUNCTION replica.check to the role that you log in as.";
        throw Failure(ExitCode::precondition, error);
    }
}

ExitCode run_check(const CheckOptions& options) {
    real::LibpqDatabase database;
    const auto session = database.connect(connection::parameters(options.connection), "the primary",
                                          connection::prompt(options.connection));
    extension_guard::require(*session, "the primary");
    const world::Rows checks = ask(*session, options);
    fmt::print("{}", options.format == Format::json ? check_report::json(checks)
                                                    : check_report::text(checks, real::output_width()));
    return check_report::verdict(checks);
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
    const auto options = std::make_shared<CheckOptions>();
    CLI::App* command =
        app.add_subcommand("check", "show what stands in the way of a standby of this primary");
    connection::add_options(*command, options->connection);
    command->add_option("--replication-user", options->replication_user,
                        "role that the standby will log in as");
    command->add_option(
        "--standby-address", options->standby_address,
        "address that the standby will come from (default: the one that this host comes from)");
    command->add_option("--standbys", options->standbys, "number of standbys to have room for (default: 1)")
        ->check(CLI::Range(1, 1000));
    add_format_option(*command, options->format);
    command->footer(
        "Exit status: 0 when no check is an error, 4 when one is; 3 when the server cannot be reached.");
    command->callback([options, &action] { action = [options] { return run_check(*options); }; });
}

}  // namespace commands
