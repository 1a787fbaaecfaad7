// The mark of a data directory that is being refreshed.
//
// Between the first change and the last one the directory is no cluster: its files are partly the old ones and partly the
// primary's. global/pg_control is out of the way all that time, so that no server starts; DIR/pg_replica.refresh says whose
// work this is. Nothing else needs to be known: a refresh may begin with any mixture of blocks, so going on is running again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/world.hpp"

namespace refreshing {

inline constexpr const char* marker_name = "pg_replica.refresh";
// the old pg_control; in the root, as pg_checksums stops at unknown names in global/
inline constexpr const char* parked_name = "pg_replica.pg_control";
inline constexpr const char* new_control_name = "pg_replica.pg_control.new";

struct Marker {
    std::string system_identifier;     // of the primary
    std::string slot;                  // created, or about to be, on the primary
    bool slot_created = false;
    bool live = false;                 // pg_control is in place again
    std::vector<std::string> fetched;  // configuration that the directory did not have and takes from the primary

    bool operator==(const Marker&) const = default;
};

std::string marker_path(const std::string& directory);

// Nothing unless the file is private, ours, and exactly what this tool would write.
std::optional<Marker> read_marker(world::Files& files, const std::string& directory);
void write_marker(world::Files& files, const std::string& directory, const Marker& marker);

}  // namespace refreshing
