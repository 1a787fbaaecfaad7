// Whether the files travel compressed. pg_basebackup can have the server compress a plain copy since PostgreSQL 15.
#pragma once

#include <string>
#include <vector>

#include "tool/link.hpp"
#include "tool/world.hpp"

namespace compression {

inline constexpr const char* automatic = "auto";
inline constexpr const char* none = "none";

// What the choice follows from.
struct Facts {
    int major = 0;                     // of the primary
    std::vector<std::string> methods;  // besides gzip, that the primary was built with: lz4, zstd
    bool link_is_local = false;        // a socket, or an address of the primary's own host
    double rate = 0;                   // bytes a second that the link carries; 0: not measured
};

// asked: automatic, none, or what pg_basebackup --compress takes; "lz4" means the server's lz4. Throws Failure (usage)
// for anything that a plain copy cannot be made with.
std::string normalized(const std::string& asked);

// Reads and, where the choice depends on it, measures: at most some 16 MB over the link, and much less over a slow one.
Facts gather(tool::Link& primary, const std::string& asked);

// The program on this host can decompress the method of a choice such as "server-lz4:3"; it names the library's functions.
bool program_knows(world::Files& files, const std::string& program, const std::string& choice);

struct Choice {
    std::string method;  // for pg_basebackup; none: no compression
    std::string reason;  // in words, for the user; empty when the user has decided
};

// By itself it compresses over a link that is slower than one core compresses, with methods, those of Facts that this host
// knows as well.
Choice choose(const std::string& asked, const Facts& facts, const std::vector<std::string>& methods);

// Throws Failure (precondition) when the server or the program cannot do what the user asks for.
void refuse_unknown(world::Files& files, const std::string& program, const std::string& choice, const Facts& facts);

}  // namespace compression
