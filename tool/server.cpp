#include "tool/server.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <csignal>
#include <sstream>

#include "core/error.hpp"
#include "core/name.hpp"
#include "tool/patience.hpp"

namespace server {

namespace {

using std::chrono::seconds;

// Fast shutdown, then immediate, each with the time that it gets.
constexpr std::array<std::pair<int, seconds>, 2> shutdown_signals = {
    {{SIGINT, seconds(60)}, {SIGQUIT, seconds(30)}}};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(trimmed(line));
    return lines;
}

// Warnings come before the value, which may be empty.
std::string last_line(std::string output) {
    if (!output.empty() && output.back() == '\n') output.pop_back();
    const auto start = output.rfind('\n');
    return trimmed(start == std::string::npos ? output : output.substr(start + 1));
}

// The end of the log, where the reason stands.
std::string last_lines(world::World& world, const std::string& log, std::size_t from) {
    if (world.files.kind(log) != world::Kind::file) return "There is no log.";
    const std::string text = world.files.read(log);
    const auto lines = lines_of(text.substr(std::min(from, text.size())));
    std::string result;
    for (std::size_t i = lines.size() > 6 ? lines.size() - 6 : 0; i < lines.size(); ++i)
        result += (result.empty() ? "" : "\n") + lines[i];
    return result.empty() ? "The log is empty." : result;
}

std::size_t size_of(world::World& world, const std::string& file) {
    return world.files.kind(file) == world::Kind::file ? world.files.read(file).size() : 0;
}

// Recovery up to the consistent point can take long; pages that it writes change pg_control's minimum recovery point, and
// WAL that comes makes files. The log is no sign: a standby that cannot reach its primary writes into it for ever.
std::string sign_of_recovery(world::World& world, const Launch& launch) {
    const std::string control = launch.directory + "/global/pg_control", wal = launch.directory + "/pg_wal";
    std::string sign = world.files.kind(control) == world::Kind::file ? world.files.read(control) : "";
    if (world.files.kind(wal) != world::Kind::missing)
        for (const std::string& name : world.files.list(wal)) sign += name + "\n";
    return sign;
}

// Fast, then immediate shutdown; returns when the process is gone.
void end_process(world::World& world, int pid, const std::string& directory) {
    for (const auto& [number, limit] : shutdown_signals) {
        if (!world.processes.alive(pid)) return;
        world.processes.signal(pid, number);
        Patience patience(world.processes, limit);
        while (world.processes.alive(pid) && !patience.over()) patience.wait();
    }
    if (!world.processes.alive(pid)) return;
    throw core::Error(core::sqlstate::object_in_use,
                      fmt::format("the server in \"{}\" does not end", directory),
                      fmt::format("Its process {} did not follow SIGINT and SIGQUIT.", pid),
                      fmt::format("End it with pg_ctl -D {} -m immediate stop.", name::quote_shell(directory)));
}

int pid_in(world::World& world, const std::string& directory) {
    const std::string file = directory + "/postmaster.pid";
    return world.files.kind(file) == world::Kind::file ? std::atoi(world.files.read(file).c_str()) : 0;
}

// A server that was killed is gone, and yet the next one takes it for running until its parent has noticed. Where that
// never happens, the start says so.
void wait_until_reaped(world::World& world, const std::string& directory) {
    Patience patience(world.processes, seconds(10));
    while (!patience.over()) {
        const int pid = pid_in(world, directory);
        if (world.processes.alive(pid) || !world.processes.listed(pid)) return;
        patience.wait();
    }
}

// What a start is waited for with, and from where on the log is its own.
struct Wait {
    seconds limit;
    std::size_t log_size;
    const std::function<void()>& look;
};

Running wait_for_start(world::World& world, const Launch& launch, int pid, const Wait& wait) {
    Patience patience(world.processes, wait.limit);
    while (!patience.over()) {
        patience.wait();
        const auto found = running(world, launch.directory);
        if (found && (found->status == "ready" || found->status == "standby")) return *found;
        if (!found && !world.processes.alive(pid))
            throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                              "the standby's server did not start", last_lines(world, launch.log, wait.log_size),
                              "Mend what the log names, then run the same command again.");
        if (wait.look) wait.look();
        patience.watch(sign_of_recovery(world, launch));
        world.reporter.progress({"waiting for the server to accept connections", 0, 0});
    }
    throw core::Error(core::sqlstate::query_canceled, "the standby's server does not accept connections yet",
                      last_lines(world, launch.log, wait.log_size), "Give it more time with --timeout.");
}

}  // namespace

std::optional<Running> running(world::World& world, const std::string& directory) {
    const std::string file = directory + "/postmaster.pid";
    if (world.files.kind(file) != world::Kind::file) return std::nullopt;
    auto lines = lines_of(world.files.read(file));
    lines.resize(8);
    Running found;
    std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), found.pid);
    if (!world.processes.alive(found.pid)) return std::nullopt;
    // after a crash of the host the number may be another process's; a server works in its data directory
    const std::string place = world.processes.working_directory(found.pid);
    if (!place.empty() && place != world.files.canonical(directory)) return std::nullopt;
    found.port = lines[3];
    found.socket_directory = lines[4];
    found.listen_address = lines[5];
    found.status = lines[7];
    return found;
}

std::vector<std::string> command_line(const Launch& launch) {
    std::vector<std::string> argv{launch.bin_dir + "/postgres", "-D", launch.directory};
    if (launch.config_file.empty()) return argv;
    // a data_directory in a foreign file would win over -D and start another cluster
    argv.insert(argv.end(),
                {"-c", "config_file=" + launch.config_file, "-c", "data_directory=" + launch.directory});
    return argv;
}

Running start(world::World& world, const Launch& launch, seconds limit, const std::function<void()>& look) {
    wait_until_reaped(world, launch.directory);
    const std::size_t log_size = size_of(world, launch.log);
    const int pid = world.processes.start_detached({command_line(launch), {}}, launch.log);
    try {
        return wait_for_start(world, launch, pid, {limit, log_size, look});
    } catch (...) {
        // it may not have written postmaster.pid yet, and nobody else would know it then
        end_process(world, pid, launch.directory);
        throw;
    }
}

Running wait_until_ready(world::World& world, const Launch& launch, seconds limit, const Running& running) {
    const std::function<void()> nothing;
    return wait_for_start(world, launch, running.pid, {limit, size_of(world, launch.log), nothing});
}

void stop(world::World& world, const std::string& directory) {
    if (const auto found = running(world, directory)) end_process(world, found->pid, directory);
}

conninfo::Parameters connection(const Running& running) {
    conninfo::Parameters parameters;
    const bool any = running.listen_address == "*" || running.listen_address.empty();
    parameters.set("host", !running.socket_directory.empty() ? running.socket_directory
                           : any                             ? "localhost"
                                                             : running.listen_address);
    parameters.set("port", running.port);
    return parameters;
}

std::string effective_setting(world::World& world, const Launch& launch, const std::string& name) {
    return effective_settings(world, launch, {name}).front();
}

std::vector<std::string> effective_settings(world::World& world, const Launch& launch, const std::vector<std::string>& names) {
    std::vector<world::Command> commands;
    for (const std::string& name : names) {
        commands.push_back({command_line(launch), {}});
        commands.back().argv.insert(commands.back().argv.end(), {"-C", name});
    }
    std::vector<std::string> values;
    for (const world::Outcome& outcome : world.processes.run_all(commands)) {
        if (outcome.status != 0)
            throw core::Error(core::sqlstate::config_file_error,
                              "the standby's configuration is not valid on this host", trimmed(outcome.output),
                              "Mend the setting that the server names, then run the same command again.");
        values.push_back(last_line(outcome.output));
    }
    return values;
}

}  // namespace server
