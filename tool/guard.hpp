// May the server of a data directory start as a primary? The directory and the other servers of its cluster are asked.
#pragma once

#include <string>
#include <vector>

#include "tool/peer.hpp"

namespace guard {

// A file of connection strings, a line each: the servers to ask. '#' begins a comment.
inline constexpr const char* peers_file = "pg_replica.peers";

// What the directory says of itself; only a primary's has to ask others.
enum class Kind { unfinished, standby, primary };
Kind look(world::Files& files, const std::string& directory);

// The connection strings of the file of peers, and primary_conninfo, which a promoted standby still has.
std::vector<std::string> known_peers(world::Files& files, const std::string& directory);

struct Own {
    std::string system_identifier;
    unsigned timeline = 0;
};

// Throws Failure (precondition) when that peer is a primary of this cluster, on this timeline or a later one.
void check(const Own& own, const peer::Answer& answer, const std::string& place, const std::string& directory);

}  // namespace guard
