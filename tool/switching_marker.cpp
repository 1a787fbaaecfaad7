#include "tool/switching_marker.hpp"

#include "core/conf.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"

namespace switching {

namespace {

const std::string first_line =
    "# An unfinished switchover of pg_replica: run the same command again. The server starts as a standby until then.\n";

std::string truth(bool value) { return value ? "true" : "false"; }

Marker parsed(const std::string& text) {
    Marker marker;
    for (const conf::Line& line : conf::parse(text)) {
        if (line.name == "system_identifier") marker.system_identifier = line.value;
        if (line.name == "name") marker.name = line.value;
        if (line.name == "slot") marker.slot = line.value;
        if (line.name == "role") marker.role = line.value;
        if (line.name == "config_dir") marker.config_dir = line.value;
        if (line.name == "end") marker.end = lsn::parse(line.value).value_or(0);
        if (line.name == "promoting") marker.promoting = line.value == "true";
        if (line.name == "slot_created") marker.slot_created = line.value == "true";
    }
    return marker;
}

std::string written(const Marker& marker) {
    return first_line + conf::line({"system_identifier", marker.system_identifier}) + conf::line({"name", marker.name}) +
           conf::line({"slot", marker.slot}) + conf::line({"role", marker.role}) +
           conf::line({"config_dir", marker.config_dir}) + conf::line({"end", lsn::format(marker.end)}) +
           conf::line({"promoting", truth(marker.promoting)}) + conf::line({"slot_created", truth(marker.slot_created)});
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

void remove_marker(world::Files& files, const std::string& directory) {
    files.remove(marker_path(directory));
    files.sync_directory(directory);
}

}  // namespace switching
