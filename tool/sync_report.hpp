// What sync prints, from the rows of replica.synchronous_standbys and replica.set_synchronous_standbys.
#pragma once

#include <string>

#include "tool/exit_code.hpp"
#include "tool/world.hpp"

namespace sync_report {

// What commits wait for, and a table of those named and those connected. width in columns, 0 = unlimited.
std::string text(const world::Rows& standbys, std::size_t width);

// What the setting was, is to be and is.
std::string change(const world::Rows& change, std::size_t width);

// One object: schema_version (1) and standbys, or change; with the columns of the functions as keys.
std::string json(const char* key, const world::Rows& rows);

// ExitCode::precondition while every commit waits.
ExitCode verdict(const world::Rows& rows);

}  // namespace sync_report
