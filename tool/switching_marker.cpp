#include "tool/switching_marker.hpp"

#include "tool/mark.hpp"

namespace switching {

namespace {

const std::string first_line =
    "# An unfinished switchover of pg_replica: run the same command again. The server starts as a standby until then.\n";

}  // namespace

// const or not, to be written or read; found by the namespace of its argument
template <class AnyMarker, class Visitor>
static void visit_fields(AnyMarker& marker, Visitor& visit) {
    visit("system_identifier", marker.system_identifier);
    visit("name", marker.name);
    visit("slot", marker.slot);
    visit("role", marker.role);
    visit("config_dir", marker.config_dir);
    visit("end", marker.end);
    visit("promoting", marker.promoting);
    visit("slot_created", marker.slot_created);
}

std::string marker_path(const std::string& directory) { return directory + "/" + marker_name; }

std::optional<Marker> read_marker(world::Files& files, const std::string& directory) {
    return mark::read<Marker>(files, marker_path(directory), first_line);
}

void write_marker(world::Files& files, const std::string& directory, const Marker& marker) {
    mark::write(files, marker_path(directory), first_line, marker);
}

void remove_marker(world::Files& files, const std::string& directory) {
    files.remove(marker_path(directory));
    files.sync_directory(directory);
}

}  // namespace switching
