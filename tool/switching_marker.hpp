// The mark of a data directory whose server is about to hand its role over, or has done so.
//
// DIR/pg_replica.switchover is written before standby.signal, so that a signal file of ours is never taken for another's, and
// goes as the last thing. The next run goes on from what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tool/world.hpp"

namespace switching {

inline constexpr const char* marker_name = "pg_replica.switchover";

struct Marker {
    std::string system_identifier;
    std::string name, slot, role;  // of this server as a standby
    std::string config_dir;        // of its configuration, when that is not in the directory
    std::uint64_t end = 0;         // position of the shutdown checkpoint, its last record; 0: not stopped yet
    bool promoting = false;        // the promotion of the other server was, or is about to be, asked for: no way back
    bool slot_created = false;     // on the other server, by the run that wrote this

    bool operator==(const Marker&) const = default;
};

std::string marker_path(const std::string& directory);

// Nothing unless the file is private, ours, and exactly what this tool would write.
std::optional<Marker> read_marker(world::Files& files, const std::string& directory);
void write_marker(world::Files& files, const std::string& directory, const Marker& marker);
void remove_marker(world::Files& files, const std::string& directory);

}  // namespace switching
