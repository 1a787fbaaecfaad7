// What a data directory was before its refresh. Looking changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/refresh_marker.hpp"
#include "tool/target.hpp"

namespace refreshing {

struct Former {
    world::Kind kind = world::Kind::missing;
    bool empty = true;
    bool owned = true;
    std::optional<Marker> marker;      // of an unfinished refresh
    target::Found clone{target::State::missing, {}};  // an unfinished clone
    bool of_rejoin = false;            // an unfinished rejoin
    int major = 0;                     // of PG_VERSION; 0: there is none
    bool has_parts = false;            // at least some of a data directory
    std::string system_identifier;     // of pg_control, in place or put aside; empty: there is none
    std::string server;                // why a server may be running on it; empty: none does
    bool has_configuration = false;    // a postgresql.conf of its own
    std::string port, slot, name, conninfo;  // as its own configuration has them
    std::string user, passfile;              // of conninfo, see know_upstream
    std::vector<std::string> named;    // files and folders in the directory that its configuration names
};

// The directory as far as it can be told without a program.
Former look(world::World& world, const cloning::Options& options);
// Adds what the directory's own configuration says, as its server would read it; best effort.
void read_configuration(world::World& world, const cloning::Options& options, const std::string& bin_dir, Former& former);

// Adds what the read primary_conninfo says.
void know_upstream(const conninfo::Parameters& parameters, const cloning::Options& options, Former& former);

// The first field of pg_control; empty when there is no such file or it is too short.
std::string system_identifier_in(world::Files& files, const std::string& control_file);

}  // namespace refreshing
