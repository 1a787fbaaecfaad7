#include "tool/refresh_marker.hpp"

#include "tool/mark.hpp"

namespace refreshing {

namespace {

const std::string first_line =
    "# An unfinished refresh of pg_replica: run the same command again. No server starts here until then.\n";

}  // namespace

// const or not, to be written or read; found by the namespace of its argument
template <class AnyMarker, class Visitor>
static void visit_fields(AnyMarker& marker, Visitor& visit) {
    visit("system_identifier", marker.system_identifier);
    visit("slot", marker.slot);
    visit("slot_created", marker.slot_created);
    visit("live", marker.live);
    visit("fetched", marker.fetched);
}

std::string marker_path(const std::string& directory) { return directory + "/" + marker_name; }

std::optional<Marker> read_marker(world::Files& files, const std::string& directory) {
    return mark::read<Marker>(files, marker_path(directory), first_line);
}

void write_marker(world::Files& files, const std::string& directory, const Marker& marker) {
    mark::write(files, marker_path(directory), first_line, marker);
}

}  // namespace refreshing
