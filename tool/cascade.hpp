// A clone of a standby: the source feeds it, and the marker that proves it is written on the primary above.
#pragma once

#include <memory>

#include "tool/link.hpp"
#include "tool/world.hpp"

namespace cascade {

// Goes up from the source along the WAL receivers to the primary, with the login of the source. Throws Failure when one on
// the way follows nobody, cannot be reached, or belongs to another cluster.
std::unique_ptr<tool::Link> find_primary(world::World& world, tool::Link& source);

}  // namespace cascade
