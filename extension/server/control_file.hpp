// What the control file of this server says.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace pg {

// The settings that a standby may not have less of than its primary, each with the primary's value: what WAL said of it
// last, which on a primary is its own value (hot-standby, "Administrator's Overview"). Nothing checks the caller's rights.
using Limits = std::array<std::pair<std::string_view, int>, 5>;

// Throws ServerError when the control file cannot be read.
Limits limits_of_primary();

}  // namespace pg
