// The replication slots of a server for people, from the rows of replica.slots.
#pragma once

#include <string>

#include "tool/render/server.hpp"

namespace slot_report {

// width in columns, 0 = unlimited. "no replication slots" when there are none.
std::string text(const render::Grid& slots, std::size_t width);

}  // namespace slot_report
