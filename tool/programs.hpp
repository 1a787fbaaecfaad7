// PostgreSQL's own programs on this host.
#pragma once

#include <string>

#include "tool/world.hpp"

namespace programs {

// The folder with pg_basebackup, pg_verifybackup and postgres of this major version: bin_dir when given, else the PATH
// and the usual places of distributions. Throws Failure (precondition) that names where it looked.
std::string find(world::World& world, int major, const std::string& bin_dir);

// The major version that "postgres --version" in bin_dir prints; 0 when it cannot be told.
int major_version(world::World& world, const std::string& program);

}  // namespace programs
