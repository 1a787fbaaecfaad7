// The traces that another owner of the configuration leaves on this server.
#pragma once

#include <optional>

#include "core/owner.hpp"

namespace owner {

// False for a caller without pg_read_all_settings, to whom the server does not show them.
bool can_be_seen();

// Who owns the configuration, as far as the caller may see; see core/owner.hpp.
std::optional<Owner> find_here();

}  // namespace owner
