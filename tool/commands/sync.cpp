#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

#include "core/fix.hpp"
#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/format_option.hpp"
#include "tool/real/database.hpp"
#include "tool/real/terminal.hpp"
#include "tool/sync_report.hpp"

namespace commands {

namespace {

struct SyncOptions {
    connection::Options connection;
    std::vector<std::string> names;
    int number = 1;
    bool any = false, none = false, allow_waiting = false, dry_run = false;
    Format format = Format::table;

    bool changes() const { return none || !names.empty(); }
};

void check_options(const SyncOptions& options) {
    const auto wrong = [](const char* message, const char* hint) { return Failure(ExitCode::usage, message, "", hint); };
    if (options.none && !options.names.empty())
        throw wrong("--none goes with no names", "Name the standbys that have to confirm commits, or give --none alone.");
    if (!options.changes() && (options.any || options.allow_waiting || options.dry_run))
        throw wrong("no standby is named", "Name the standbys that have to confirm commits, or give --none.");
}

// By what the server says: words of the command line, rights and states that stand in the way, or a failure.
Failure failure(core::Error error) {
    if (error.sqlstate == core::sqlstate::invalid_parameter_value) return {ExitCode::usage, error};
    // the statement of the hint is SQL; here it is an option
    if (error.message.find("no synchronous standby would be left") == 0) error.hint = "Give --none if that is meant.";
    const std::string sql = "pass allow_waiting => true";
    if (const auto at = error.hint.find(sql); at != std::string::npos) error.hint.replace(at, sql.size(), "give --allow-waiting");
    if (error.sqlstate == core::sqlstate::insufficient_privilege && error.hint.empty())
        error.hint = "Log in as a superuser, or have one run GRANT USAGE ON SCHEMA replica and GRANT EXECUTE ON FUNCTION "
                     "replica.synchronous_standbys, replica.set_synchronous_standbys to the role that you log in as.";
    return {ExitCode::precondition, error};
}

world::Rows ask(world::Session& session, const std::string& sql, const std::vector<world::Value>& parameters = {}) {
    try {
        return session.query(sql, parameters);
    } catch (const core::Error& error) {
        if (error.sqlstate == core::sqlstate::connection_failure) throw;
        throw failure(error);
    }
}

ExitCode show(world::Session& session, Format format) {
    const world::Rows standbys = ask(session, "SELECT * FROM replica.synchronous_standbys()");
    fmt::print("{}", format == Format::json ? sync_report::json("standbys", standbys)
                                            : sync_report::text(standbys, real::output_width()));
    return sync_report::verdict(standbys);
}

ExitCode set(world::Session& session, const SyncOptions& options) {
    const auto flag = [](bool value) { return world::Value(value ? "t" : "f"); };
    const world::Rows change =
        ask(session,
            "SELECT * FROM replica.set_synchronous_standbys($1::text[], $2, $3::integer, dry_run => $4::boolean,"
            " allow_waiting => $5::boolean, allow_none => $6::boolean)",
            {fix::array(options.names), options.any ? "ANY" : "FIRST", std::to_string(options.number), flag(options.dry_run),
             flag(options.allow_waiting), flag(options.none)});
    fmt::print("{}", options.format == Format::json ? sync_report::json("change", change)
                                                    : sync_report::change(change, real::output_width()));
    return ExitCode::ok;
}

ExitCode run_sync(const SyncOptions& options) {
    check_options(options);
    real::LibpqDatabase database;
    const auto session = database.connect(connection::parameters(options.connection), "the primary",
                                          connection::prompt(options.connection));
    extension_guard::require(*session, "the primary");
    return options.changes() ? set(*session, options) : show(*session, options.format);
}

}  // namespace

void add_sync(CLI::App& app, Action& action) {
    const auto options = std::make_shared<SyncOptions>();
    CLI::App* command = app.add_subcommand("sync", "show or set which standbys have to confirm each commit");
    command->add_option("names", options->names, "application_names of standbys, in the order of preference; * is any. None: show")
        ->option_text("[NAME...]");
    connection::add_options(*command, options->connection);
    command->add_option("--number", options->number, "how many of them have to confirm each commit (default: 1)")
        ->check(CLI::Range(1, 1000));
    command->add_flag("--any", options->any, "any of them, a quorum, instead of the first that stream");
    command->add_flag("--none", options->none, "commits wait for no standby any more");
    command->add_flag("--allow-waiting", options->allow_waiting, "also when too few of them stream: every commit then waits");
    command->add_flag("-n,--dry-run", options->dry_run, "check and print the change; change nothing");
    add_format_option(*command, options->format);
    command->footer(
        "Exit status: 0 done, or shown and commits do not hang; 2 a name or number that cannot be; 3 the server cannot be\n"
        "reached; 4 commits hang, would hang, or rights are missing.");
    command->callback([options, &action] { action = [options] { return run_sync(*options); }; });
}

}  // namespace commands
