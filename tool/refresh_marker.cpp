#include "tool/refresh_marker.hpp"

#include "core/conf.hpp"
#include "core/error.hpp"

namespace refreshing {

namespace {

const std::string first_line =
    "# An unfinished refresh of pg_replica: run the same command again. No server starts here until then.\n";

std::string truth(bool value) { return value ? "true" : "false"; }

Marker parsed(const std::string& text) {
    Marker marker;
    for (const conf::Line& line : conf::parse(text)) {
        if (line.name == "system_identifier") marker.system_identifier = line.value;
        if (line.name == "slot") marker.slot = line.value;
        if (line.name == "slot_created") marker.slot_created = line.value == "true";
        if (line.name == "live") marker.live = line.value == "true";
        if (line.name == "fetched") marker.fetched.push_back(line.value);
    }
    return marker;
}

std::string written(const Marker& marker) {
    std::string text = first_line + conf::line({"system_identifier", marker.system_identifier}) +
                       conf::line({"slot", marker.slot}) + conf::line({"slot_created", truth(marker.slot_created)}) +
                       conf::line({"live", truth(marker.live)});
    for (const std::string& name : marker.fetched) text += conf::line({"fetched", name});
    return text;
}

}  // namespace

std::string marker_path(const std::string& directory) { return directory + "/" + marker_name; }

std::optional<Marker> read_marker(world::Files& files, const std::string& directory) {
    const auto text = files.read_private(marker_path(directory));
    if (!text) return {};
    try {
        Marker marker = parsed(*text);
        if (written(marker) == *text) return marker;
    } catch (const core::Error&) {
        // control characters, which are never written
    }
    return {};
}

void write_marker(world::Files& files, const std::string& directory, const Marker& marker) {
    files.write(marker_path(directory), written(marker), 0600);
}

}  // namespace refreshing
