// What this host tells before a clone: its directories, ports and programs. Looking changes nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/primary_facts.hpp"
#include "tool/space.hpp"
#include "tool/target.hpp"

namespace cloning {

struct HostFacts {
    target::Found target{target::State::missing, {}};
    std::string parent;  // of the target
    bool parent_writable = false;
    bool owned = true;  // an existing target belongs to this user
    std::string
        enclosing;  // a data directory, or a part of the primary's, that enclosed would lie in; empty: none
    std::string enclosed;
    std::string
        former;  // what an occupied target is, when it is a data directory: "a PostgreSQL data directory ..."
    bool is_this_standby = false;  // complete, made for this name: its signal file and its slot say so
    bool promoted = false;        // an unfinished clone that was in place and is no standby any more
    bool server_running = false;  // on the target
    bool port_free = true;
    std::vector<Place> places;  // that the copy will fill, with what is free
    bool config_dir_usable = true;
    std::string cluster_problem;  // with config_dir as a place of Debian's
    bool log_usable = true;
    std::string libc_version;  // "2.36"; empty: it cannot be told
    std::map<std::string, std::string> icu_versions;  // of the collators that the primary's locales have here; none: cannot be told
    std::map<std::string, std::string>
        own_limits;              // as the files in config_dir set them, those that travel left out
    std::string config_problem;  // what the server says about the files in config_dir
    std::vector<std::string>
        unmakeable_outside;  // of outside_directories, those missing where they cannot be made
    std::vector<std::string> foreign_outside;   // of outside_directories, those of another user
    std::vector<std::string> occupied_outside;  // of outside_directories, those that hold something foreign
};

// The directories outside of the data directory that the copy will fill: tablespaces, after mapping, and WAL.
std::vector<std::string> outside_directories(const Options& options, const PrimaryFacts& primary);

HostFacts look_at_host(world::World& world, const Options& options, const PrimaryFacts& primary);
// Adds what an occupied target is, and what follows.
void ask_programs(world::World& world, const Options& options, const PrimaryFacts& primary, HostFacts& host);
// Adds what PostgreSQL's programs on this host bring along and read: ICU, and the limits in config_dir.
void look_at_programs(world::World& world, const Options& options, const PrimaryFacts& primary, const std::string& bin_dir,
                      HostFacts& host);

}  // namespace cloning
