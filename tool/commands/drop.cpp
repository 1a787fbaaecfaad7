#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

#include "core/name.hpp"
#include "tool/commands/commands.hpp"
#include "tool/connection.hpp"
#include "tool/drop_plan.hpp"
#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"
#include "tool/real/database.hpp"
#include "tool/real/files.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/terminal.hpp"

namespace commands {

namespace {

struct DropOptions {
    connection::Options connection;
    std::string standby;
    bool dry_run = false;
};

// What is removed does not come back, so nothing is undone: the next run goes on where this one stopped.
void carry_out(const plan::Plan& plan, world::World& world) {
    std::size_t done = 0;
    try {
        for (; done < plan.size(); ++done) {
            world.reporter.step(plan[done].sentence);
            plan[done].run(world);
        }
    } catch (core::Error& error) {
        error.detail += fmt::format("{}{} of {} steps are done, and what they removed does not come back.",
                                    error.detail.empty() ? "" : "\n", done, plan.size());
        if (error.hint.empty() && error.sqlstate == core::sqlstate::insufficient_privilege)
            error.hint = "Log in with -U as a superuser, or as a role with EXECUTE on what the message names, and run the same command again.";
        if (error.hint.empty()) error.hint = "Run the same command again: it goes on where this run stopped.";
        throw Failure(ExitCode::failed, error);
    }
}

ExitCode run_drop(const DropOptions& options) {
    as_usage([&] { name::check_plain("standby", options.standby); });
    real::LibpqDatabase database;
    real::FileSystem files;
    real::ProcessTable processes;
    real::Terminal terminal;
    world::World world{database, files, processes, terminal};
    tool::Link primary(database, database.connect(connection::parameters(options.connection), "the primary", connection::prompt(options.connection)), "the primary");
    extension_guard::require(primary.session(), "the primary");
    const drop_plan::Leftovers leftovers = drop_plan::find(primary, options.standby);
    const plan::Plan plan = drop_plan::steps(primary, leftovers);
    for (const std::string& remark : drop_plan::remarks(leftovers)) terminal.warning(remark);
    if (plan.empty())
        fmt::print("Nothing is left of a standby \"{}\".\n", options.standby);
    else if (options.dry_run)
        fmt::print("{}", plan::describe(plan));
    else
        carry_out(plan, world);
    return ExitCode::ok;
}

}  // namespace

void add_drop(CLI::App& app, Action& action) {
    const auto options = std::make_shared<DropOptions>();
    CLI::App* command = app.add_subcommand("drop", "remove from the primary what a standby that is gone has left: slot, admission, its own role");
    connection::add_options(*command, options->connection);
    command->add_option("NAME", options->standby, "name of the standby, as status shows it, or of its slot")->required();
    command->add_flag("-n,--dry-run", options->dry_run, "print what would be removed; change nothing");
    command->callback([options, &action] { action = [options] { return run_drop(*options); }; });
}

}  // namespace commands
