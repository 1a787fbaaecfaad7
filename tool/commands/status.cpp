#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <memory>

#include "tool/commands/commands.hpp"
#include "tool/config_file.hpp"
#include "tool/connection.hpp"
#include "tool/failure.hpp"
#include "tool/probe.hpp"
#include "tool/real/database.hpp"
#include "tool/real/files.hpp"
#include "tool/real/processes.hpp"
#include "tool/real/screen.hpp"
#include "tool/real/terminal.hpp"
#include "tool/render/csv.hpp"
#include "tool/render/nagios.hpp"
#include "tool/render/paint.hpp"
#include "tool/render/prometheus.hpp"
#include "tool/status_report.hpp"
#include "tool/status_round.hpp"

namespace commands {

namespace {

using Servers = std::vector<render::Server>;

struct StatusOptions {
    connection::Options connection;
    std::vector<std::string> servers;  // connection strings
    std::string format = "table", output, config;
    health::Thresholds thresholds;
    bool given_thresholds = false, verbose = false, standbys = false;
    std::string standby_port;
    int timeout = 2;
    double watch = 0;  // seconds between two looks; 0: look once
};

std::vector<status_round::Target> targets_of(const StatusOptions& options) {
    std::vector<status_round::Target> targets;
    for (const std::string& server : options.servers) {
        connection::Options place;
        place.dbname = server;
        // two questions at once on one terminal would be answered by chance
        const auto prompt = options.servers.size() > 1 ? world::Prompt::never : connection::prompt(options.connection);
        targets.push_back({connection::parameters(place), prompt});
    }
    if (targets.empty()) targets.push_back({connection::parameters(options.connection), connection::prompt(options.connection)});
    return targets;
}

status_round::Round round_of(world::Database& database, const StatusOptions& options) {
    probe::Question question;
    if (options.given_thresholds) question.thresholds = options.thresholds;
    question.slots = options.format != "table" || options.verbose;
    question.blocker = options.format == "table" && options.verbose && options.output.empty();
    question.patience = std::chrono::seconds(options.timeout);
    std::optional<status_round::Further> further;
    if (options.standbys) further = status_round::Further{options.standby_port};
    return {database, targets_of(options), question, further};
}

std::string rendered(const Servers& servers, const StatusOptions& options) {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    if (options.format == "json") return status_report::json(servers);
    if (options.format == "csv") return render::csv(servers);
    if (options.format == "nagios") return render::nagios(servers, options.thresholds);
    if (options.format == "prometheus") return render::prometheus(servers, now.count());
    const std::string text = status_report::text(servers, {options.output.empty() ? real::output_width() : 0, options.verbose});
    return options.output.empty() && real::output_has_colour() ? render::painted(text) : text;
}

// Whoever reads a file over the network or through a web server is not this user.
constexpr unsigned readable_by_all = 0644;

void write_file(const std::string& text, const StatusOptions& options) {
    real::FileSystem files;
    files.write(files.canonical(options.output), text, readable_by_all);
}

ExitCode verdict(const Servers& servers, const StatusOptions& options) {
    for (const render::Server& server : servers)
        if (server.lacks_extension && options.format != "nagios") return ExitCode::precondition;
    return static_cast<ExitCode>(render::code(worst(servers)));
}

// A table is for people: what failed is told as by the other commands.
void fail_as_error(const Servers& servers, const StatusOptions& options) {
    if (options.format != "table" || servers.size() > 1 || !servers[0].error || !options.output.empty()) return;
    throw Failure(verdict(servers, options), *servers[0].error);
}

ExitCode run_status(const StatusOptions& options) {
    real::LibpqDatabase database({std::chrono::seconds(options.timeout), true});
    const Servers servers = round_of(database, options).look();
    fail_as_error(servers, options);
    const std::string text = rendered(servers, options);
    if (options.output.empty())
        fmt::print("{}", text);
    else
        write_file(text, options);
    return verdict(servers, options);
}

std::string heading(const StatusOptions& options) {
    if (options.format != "table") return "";
    const std::time_t now = std::time(nullptr);
    std::tm local = {};
    char text[32] = "";
    if (localtime_r(&now, &local) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}, every {:g} s\n\n", text, options.watch);
}

// Until a signal ends it. Sessions are kept, and opened again after a restart of their server.
ExitCode watch_status(const StatusOptions& options) {
    real::LibpqDatabase database({std::chrono::seconds(options.timeout), true});
    real::ProcessTable processes;
    status_round::Round round = round_of(database, options);
    std::optional<real::Screen> screen;
    ExitCode seen = ExitCode::interrupted;
    try {
        for (;;) {
            const Servers servers = round.look();
            const std::string text = rendered(servers, options);
            // not before the first look, which may ask for a password
            if (!screen && options.output.empty()) screen.emplace();
            if (screen)
                screen->show(heading(options) + text + (options.format == "table" ? "\n" : ""));
            else
                write_file(text, options);
            seen = verdict(servers, options);
            processes.sleep(std::chrono::milliseconds(static_cast<std::int64_t>(options.watch * 1000)));
        }
    } catch (const Interrupted&) {
        return seen;
    }
}

// A monitor takes 1 for a warning, and knows nothing beyond 3.
ExitCode run_for_monitor(const StatusOptions& options) {
    try {
        return run_status(options);
    } catch (const core::Error& error) {
        fmt::print("PG_REPLICA UNKNOWN: {}\n", error.message);
    } catch (const Interrupted&) {
        fmt::print("PG_REPLICA UNKNOWN: stopped by a signal\n");
    }
    return ExitCode::unknown;
}

void add_places(CLI::App& command, StatusOptions& options) {
    connection::add_options(command, options.connection);
    command.add_option("--server", options.servers, "connection string of a server to look at, instead of the options above; once for each")
        ->allow_extra_args(false)->option_text("CONNINFO");
    command.add_flag("--standbys", options.standbys, "look at the standbys of these servers as well, and at theirs, at the addresses that they stream from");
    command.add_option("--standby-port", options.standby_port, "port of the standbys' servers, with --standbys (default: that of the server they stream from)")
        ->check(CLI::Range(1, 65535))->needs("--standbys")->option_text("PORT");
    command.add_option("--timeout", options.timeout, "seconds for a connection to one address, and for each answer (default: 2)")
        ->check(CLI::Range(2, 3600));
}

void add_output(CLI::App& command, StatusOptions& options) {
    command.add_option("--format", options.format, "table (the default), json, csv, nagios or prometheus")
        ->option_text("FORMAT");
    command.add_option("-o,--output", options.output, "file to write to instead, replaced as a whole")->option_text("FILE");
    command.add_option("--watch", options.watch, "look again every so many seconds (default: 2) until Ctrl-C; ends in the health seen last")
        ->expected(0, 1)->default_str("2")->check(CLI::Range(0.1, 86400.0))->option_text("[SECONDS]");
    command.add_flag("-v,--verbose", options.verbose, "in a table: more columns, the slots, and the query that replay waits for");
}

void add_thresholds(CLI::App& command, StatusOptions& options) {
    health::Thresholds& limits = options.thresholds;
    command.add_option("--warning-bytes", limits.warning_bytes, "bytes behind that are a warning (default: 16MB)")
        ->transform(CLI::AsSizeValue(false))->option_text("SIZE");
    command.add_option("--critical-bytes", limits.critical_bytes, "bytes behind that are critical (default: 1GB)")
        ->transform(CLI::AsSizeValue(false))->option_text("SIZE");
    command.add_option("--silence", limits.silence_seconds, "seconds without a reply of a standby that are a warning (default: 20)")
        ->check(CLI::Range(1, 86400))->option_text("SECONDS");
    command.add_option("--config", options.config, "file with more of these options, one NAME=VALUE a line; the command line wins")
        ->option_text("FILE");
}

// Not as a check of the option: CLI11 puts the option's name before what that says.
void check_format(const std::string& word) {
    for (const char* known : {"table", "json", "csv", "nagios", "prometheus"})
        if (word == known) return;
    throw CLI::ValidationError("--format is table, json, csv, nagios or prometheus, not \"" + word + "\"");
}

// Once everything is known: the command line, then the file.
void complete(CLI::App& command, StatusOptions& options) {
    if (!options.config.empty()) config_file::apply(command, options.config);
    check_format(options.format);
    for (const char* name : {"--warning-bytes", "--critical-bytes", "--silence"})
        if (command.get_option(name)->count() > 0) options.given_thresholds = true;
    if (options.thresholds.warning_bytes > options.thresholds.critical_bytes)
        throw CLI::ValidationError("--warning-bytes is more than --critical-bytes");
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
    const auto options = std::make_shared<StatusOptions>();
    CLI::App* command = app.add_subcommand("status", "show servers and their standbys");
    add_places(*command, *options);
    add_output(*command, *options);
    add_thresholds(*command, *options);
    command->footer(
        "Exit status: the worst health, 0 ok, 1 warning, 2 critical (also a server that cannot be reached, and a\n"
        "wrong command line), 3 unknown (also a server that turns the login away or hides what is asked for); 4 when\n"
        "the extension pg_replica is not in the database (3 with --format nagios).");
    command->callback([command, options, &action] {
        complete(*command, *options);
        action = [options] {
            if (options->watch > 0) return watch_status(*options);
            return options->format == "nagios" ? run_for_monitor(*options) : run_status(*options);
        };
    });
}

}  // namespace commands
