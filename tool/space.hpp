// What a copy will hold and where, against what is free there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/primary_facts.hpp"

namespace cloning {

struct Place {
    std::string path;
    std::uint64_t needed = 0;    // bytes; 0 when it cannot be told
    bool holds_wal = false;
    std::string file_system = {};  // places with the same one share what is free
    std::uint64_t free = 0;
};

// The two sides of a mapping OLDDIR=NEWDIR, as pg_basebackup reads it: \= stands for an equals sign in a
// name.
struct Mapping {
    std::string from, to;
};
Mapping split_mapping(const std::string& mapping);

// Where a tablespace of the primary will lie on this host.
std::string mapped(const Options& options, const std::string& location);

// The data directory, then the directories outside of it that the copy will fill: WAL and tablespaces, after mapping.
std::vector<Place> places(const Options& options, const PrimaryFacts& primary);

// What is free for each; looking changes nothing.
void look_at_space(world::Files& files, std::vector<Place>& places);

struct Shortage {
    std::string paths;  // on one file system: "/a" and "/b"
    std::uint64_t needed = 0, free = 0;
    bool of_wal_only = false;  // the copy itself fits, but not with WAL grown to max_wal_size
};
std::vector<Shortage> shortages(const std::vector<Place>& places, std::uint64_t max_wal_size);

}  // namespace cloning
