// pg_replica: sets up and looks after PostgreSQL streaming replication standbys.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

#include "tool/commands/commands.hpp"
#include "tool/failure.hpp"
#include "tool/real/interrupt.hpp"
#include "tool/render/text.hpp"

namespace {

// The exit code must tell the truth even when nobody reads the text.
void show(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void print(const char* label, const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        show(fmt::format("{}{}\n", label, render::escaped(rest.substr(0, end))));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        label = "        ";
    }
}

// What happened, the fact behind it, and what mends it.
void report(const core::Error& error) {
    print("pg_replica: error: ", error.message);
    print("DETAIL: ", error.detail);
    print("HINT:   ", error.hint);
}

ExitCode run(const commands::Action& action) {
    try {
        return action();
    } catch (const Failure& failure) {
        report(failure);
        return failure.code;
    } catch (const core::Error& error) {
        report(error);
    } catch (const Interrupted&) {
        show("pg_replica: stopped by a signal; nothing was changed\n");
        return ExitCode::interrupted;
    } catch (const std::exception& error) {
        show(fmt::format("pg_replica: error: unexpected failure: {}\n", render::escaped(error.what())));
    }
    return ExitCode::failed;
}

// What is wrong with the command line. Without a command, CLI11 only misses one and does not name the word in its place.
std::string describe(const CLI::App* app, const CLI::Error& error) {
    const auto commands = app->get_subcommands();
    const auto words = app->remaining();
    std::string message = error.what(), program = "pg_replica";
    if (!commands.empty())
        program += " " + commands[0]->get_name();
    else if (!words.empty() && words[0].substr(0, 1) != "-")
        message = fmt::format("no command \"{}\"", words[0]);
    return fmt::format("pg_replica: error: {}\nHINT:   Run {} --help.\n", message, program);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Sets up and looks after PostgreSQL streaming replication standbys.", "pg_replica");
    // -h is the host, as in all of PostgreSQL's client programs
    app.set_help_flag("-?,--help", "show this help");
    app.set_version_flag("-V,--version", "pg_replica 1.0");
    app.require_subcommand(1);
    app.failure_message(describe);
    commands::Action action;
    commands::add_check(app, action);
    commands::add_prepare(app, action);
    commands::add_refresh(app, action);
    commands::add_clone(app, action);
    commands::add_demo(app, action);
    commands::add_promote(app, action);
    commands::add_rejoin(app, action);
    commands::add_guard(app, action);
    commands::add_follow(app, action);
    commands::add_slots(app, action);
    commands::add_status(app, action);
    commands::add_switchover(app, action);
    commands::add_sync(app, action);
    commands::add_drop(app, action);
    commands::add_verify(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    }
    real::install_signal_handlers();
    return static_cast<int>(run(action));
}
