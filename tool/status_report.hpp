// What status prints, from the rows of the views replica.node and replica.standbys.
#pragma once

#include <string>

#include "tool/exit_code.hpp"
#include "tool/world.hpp"

namespace status_report {

// For people. width in columns, 0 = unlimited.
std::string text(const world::Rows& node, const world::Rows& standbys, std::size_t width);

// One object: schema_version (1), node (an object), standbys (an array); keys as the columns of the views,
// types as in render/json.hpp.
std::string json(const world::Rows& node, const world::Rows& standbys);

// The worst health of all rows; unknown is worse than warning, as what cannot be seen may be worse. A health
// that this tool does not know counts as unknown.
ExitCode worst(const world::Rows& node, const world::Rows& standbys);

}  // namespace status_report
