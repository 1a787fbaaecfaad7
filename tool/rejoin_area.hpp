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

// pg_rewind of older minor versions removes the WAL that the new primary does not have, and the server would have to begin its
// replay with it. So the files of WAL get a second name in DIR/pg_replica.kept_wal before pg_rewind begins, by the command that
// keep_wal returns (where pg_wal is on a file system of its own, it fails and nothing is kept); afterwards give_wal_back puts those that are gone in their place again, if they
// lie before the segment of the fork. Segments are named as WAL files are, without their timeline.
std::vector<std::string> keep_wal(world::Files& files, const std::string& directory);
void give_wal_back(world::Files& files, const std::string& directory, const std::string& fork_segment);

// The segment, as above, that backup_label of the rewound files has replay begin with; empty when it names none.
std::string first_segment(const std::string& backup_label);
// A file of that segment, of any timeline, is among the rewound files.
bool has_segment(world::Files& files, const std::string& directory, const std::string& segment);

// Removes the mark and what keep_wal has made; the last thing that a run does.
void forget(world::Files& files, const std::string& directory);

}  // namespace rejoin_area
