// The data directory of a former primary while pg_rewind works on it.
//
// Its relations, WAL and control file are moved into DIR/pg_replica.partial, whose mode no server accepts: what pg_rewind
// has half done can never be started, and the node's own configuration, which stays behind in DIR, is out of
// its reach (pg_rewind would replace it by the source's). DIR/pg_replica.rejoin tells the next run how far this one came.
#pragma once

#include <string>
#include <vector>

#include "tool/world.hpp"

namespace rejoin_area {

inline constexpr const char* mark_name = "pg_replica.rejoin";
// Refused by every server, and worth nothing to the group.
inline constexpr unsigned unstartable_mode = 0720;

enum class Stage {
    none,
    moving,     // nothing but the place of the files has changed
    rewinding,  // pg_rewind may have begun to write: it cannot be repeated
    rewound,    // the files are right and on their way back
};

std::string partial_path(const std::string& directory);

// Looks, and changes nothing. A mark that this user has not written, or that cannot be read, is a rewind that broke off.
Stage look(world::Files& files, const std::string& directory);

void note(world::Files& files, const std::string& directory, Stage stage);

// A name in a data directory that pg_rewind has to see: not configuration, certificates and logs.
bool belongs_to_cluster(world::Files& files, const std::string& directory, const std::string& name);

// Both can be repeated after they broke off at any point. move_out never leaves a directory that starts as
// a primary: it writes standby.signal first and moves global/, without which no server starts, last. What pg_rewind brought
// beyond the cluster's own files is removed with the partial directory.
void move_in(world::Files& files, const std::string& directory);
void move_out(world::Files& files, const std::string& directory);

// Removes the mark; the last thing that a run does.
void forget(world::Files& files, const std::string& directory);

}  // namespace rejoin_area
