#include "tool/control_file.hpp"

#include <cstdlib>
#include <map>
#include <sstream>

#include "core/lsn.hpp"

namespace control_file {

namespace {

using Values = std::map<std::string, std::string>;

// "NAME:   value", a line each.
Values values_of(const std::string& output) {
    Values values;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const auto start = line.find_first_not_of(' ', colon + 1);
        values[line.substr(0, colon)] = start == std::string::npos ? "" : line.substr(start);
    }
    return values;
}

unsigned number(const std::string& text) { return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 10)); }

}  // namespace

std::optional<Control> parse(const std::string& output) {
    Values values = values_of(output);
    const auto position = [&values](const char* name) { return lsn::parse(values[name]).value_or(0); };
    Control control;
    control.system_identifier = values["Database system identifier"];
    control.state = values["Database cluster state"];
    control.timeline = number(values["Latest checkpoint's TimeLineID"]);
    control.checkpoint = position("Latest checkpoint location");
    control.redo = position("Latest checkpoint's REDO location");
    control.minimum = position("Minimum recovery ending location");
    control.minimum_timeline = number(values["Min recovery ending loc's timeline"]);
    control.hints_logged = values["wal_log_hints setting"] == "on";
    control.checksums = number(values["Data page checksum version"]) > 0;
    if (control.system_identifier.empty() || control.state.empty()) return {};
    return control;
}

std::optional<Control> read(world::World& world, const std::string& bin_dir, const std::string& directory) {
    const std::string program = bin_dir + "/pg_controldata";
    if (bin_dir.empty() || world.files.kind(program) != world::Kind::file) return {};
    const world::Outcome outcome = world.processes.run({{program, "-D", directory}, {}});
    return outcome.status == 0 ? parse(outcome.output) : std::nullopt;
}

}  // namespace control_file
