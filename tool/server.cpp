#include "tool/server.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <sstream>

#include "core/error.hpp"

namespace server {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds look_interval{50};
constexpr seconds fast_shutdown_limit{60};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(trimmed(line));
    return lines;
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

}  // namespace

std::optional<Running> running(world::World& world, const std::string& directory) {
    const std::string file = directory + "/postmaster.pid";
    if (world.files.kind(file) != world::Kind::file) return std::nullopt;
    auto lines = lines_of(world.files.read(file));
    lines.resize(8);
    Running found;
    std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), found.pid);
    if (!world.processes.alive(found.pid)) return std::nullopt;
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
    argv.insert(argv.end(), {"-c", "config_file=" + launch.config_file, "-c", "data_directory=" + launch.directory});
    return argv;
}

Running start(world::World& world, const Launch& launch, seconds limit) {
    const std::size_t log_size = size_of(world, launch.log);
    world.processes.start_detached({command_line(launch), {}}, launch.log);
    const auto begin = steady_clock::now();
    bool was_seen = false;
    while (steady_clock::now() < begin + limit) {
        world.processes.sleep(look_interval);
        const auto found = running(world, launch.directory);
        if (found && (found->status == "ready" || found->status == "standby")) return *found;
        was_seen = was_seen || found;
        const bool gone = !found && (was_seen || steady_clock::now() > begin + seconds(5));
        if (gone)
            throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "the standby's server did not start",
                              last_lines(world, launch.log, log_size),
                              "Mend what the log names, then run the same command again.");
        world.reporter.progress({"waiting for the server to accept connections", 0, 0});
    }
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("the standby's server is still starting after {} seconds", limit.count()),
                      last_lines(world, launch.log, log_size), "Give it more time with --timeout.");
}

void stop(world::World& world, const std::string& directory) {
    const auto found = running(world, directory);
    if (!found) return;
    world.processes.signal(found->pid, SIGINT);
    const auto begin = steady_clock::now();
    bool immediate = false;
    while (world.processes.alive(found->pid)) {
        world.processes.sleep(look_interval);
        if (immediate || steady_clock::now() < begin + fast_shutdown_limit) continue;
        world.processes.signal(found->pid, SIGQUIT);
        immediate = true;
    }
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
    std::vector<std::string> argv = command_line(launch);
    argv.insert(argv.end(), {"-C", name});
    const world::Outcome outcome = world.processes.run({argv, {}});
    const auto lines = lines_of(trimmed(outcome.output));
    if (outcome.status == 0) return lines.empty() ? "" : lines.back();  // warnings come before the value
    throw core::Error(core::sqlstate::config_file_error, "the standby's configuration is not valid on this host",
                      trimmed(outcome.output), "Mend the setting that the server names, then run the same command again.");
}

}  // namespace server
