// What check prints, from the rows of replica.check.
#pragma once

#include <string>

#include "tool/exit_code.hpp"
#include "tool/world.hpp"

namespace check_report {

// A table with status, name and detail, the hint below each row that is not ok, and a line that counts them.
// width in columns, 0 = unlimited.
std::string text(const world::Rows& checks, std::size_t width);

// One object: schema_version (1) and checks, an array of objects with name, status, detail and hint.
std::string json(const world::Rows& checks);

// ExitCode::precondition when a row is neither ok nor a warning.
ExitCode verdict(const world::Rows& checks);

}  // namespace check_report
