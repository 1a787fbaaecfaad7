// Clusters as Debian's postgresql-common manages them: CONFIGURATION/VERSION/NAME holds the files of one, and that makes it
// one that pg_lsclusters lists and pg_ctlcluster starts.
#pragma once

#include <optional>
#include <string>

#include "tool/world.hpp"

namespace debian {

struct Cluster {
    std::string version, name;
};

// A configuration directory of that form, below root (as a rule /etc/postgresql); nothing for any other.
std::optional<Cluster> cluster_of(const std::string& config_dir, const std::string& root);

// The data directory that the cluster's postgresql.conf names; empty without such a file or line.
std::string data_directory(world::Files& files, const std::string& config_dir);

// What stands in the way of the directory as a cluster of this major version with this data directory; empty: nothing.
std::string problem(world::Files& files, const Cluster& cluster, const std::string& config_dir, int major,
                    const std::string& data);

std::string start_command(const Cluster& cluster);

inline constexpr const char* start_conf_name = "start.conf";
// The server starts with its host, as pg_createcluster has it.
inline constexpr const char* start_conf = "# auto, manual or disabled: see pg_createcluster(1)\nauto\n";

}  // namespace debian
