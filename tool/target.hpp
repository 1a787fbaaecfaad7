// The standby's data directory while it is being made.
//
// All that a clone writes before it is whole lies in DIR/pg_replica.partial, whose mode (0770) no server
// accepts, so that nothing there can be started. DIR/pg_replica.unfinished marks DIR as this tool's own
// unfinished work; only what stands beside that mark is ever removed. The finished parts are moved up one by
// one, standby.signal first and global/ (with pg_control, without which no server starts) last.
#pragma once

#include <string>
#include <vector>

#include "tool/world.hpp"

namespace target {

inline constexpr const char* partial_name = "pg_replica.partial";
inline constexpr const char* marker_name = "pg_replica.unfinished";
inline constexpr const char* passfile_name = "pg_replica.passfile";

// A directory elsewhere, by its canonical path and by what it was when the clone claimed it empty.
struct Outside {
    std::string path;
    std::string identity;  // "DEVICE:INODE"
    bool operator==(const Outside&) const = default;
};

// What is known of an unfinished clone.
struct Marker {
    std::string slot;               // created, or about to be created, on the primary
    std::string role;               // made by the clone on the primary; empty when it was there before
    bool admitted = false;          // the clone added a line for that role to pg_hba.conf
    std::string system_identifier;  // of the primary
    bool slot_created = false;
    bool made_directory = false;       // the directory did not exist before
    bool placed = false;               // the copy is verified and in place
    std::vector<Outside> outside;      // empty directories elsewhere that the copy fills: tablespaces, WAL
    std::vector<std::string> made_outside;  // those of them that the clone made itself
};

enum class State {
    missing,     // and its parent lets us make it
    empty,       // lost+found of a mount point counts as empty
    unfinished,  // our own marker is there
    occupied,
};

struct Found {
    State state;
    Marker marker;  // when unfinished
};

std::string partial_path(const std::string& directory);
std::string marker_path(const std::string& directory);
std::string passfile_path(const std::string& directory);

// Anything but a missing or empty directory; lost+found counts as nothing, what may not be read counts as
// something.
bool holds_something(world::Files& files, const std::string& path);

// Looks, and changes nothing. A mark counts only when nobody else can have written it: a file of exactly this
// tool's text, own and private, in an own directory that only its owner may write to.
Found inspect(world::Files& files, const std::string& directory);

void write_marker(world::Files& files, const std::string& directory, const Marker& marker);

// path is the directory that the clone of the marker has claimed, and no other that took its place.
bool is_claimed(world::Files& files, const Marker& marker, const std::string& path);

// Of the directories outside that the marker names, those that hold something and are not among own (canonical
// paths) or not the ones that were claimed: nothing says that their content is the clone's.
std::vector<std::string> not_ours(world::Files& files, const Marker& marker,
                                  const std::vector<std::string>& own);

// Removes everything that a clone made in a directory that bears a mark of this tool and in the directories
// outside that marker names, the mark last; lost+found stays. Returned is what is left as it is: directory
// itself without such a mark, and directories outside that are not the claimed ones any more. A wipe that breaks off leaves an unfinished clone that is not placed.
std::vector<std::string> wipe(world::Files& files, const std::string& directory, const Marker& marker);

// Moves the finished copy from the staging folder into place.
void place(world::Files& files, const std::string& directory);

}  // namespace target
