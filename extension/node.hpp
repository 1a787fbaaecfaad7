// This server's own account of itself, on a primary and on a standby.
#pragma once

#include "extension/server/function.hpp"

namespace node {

// replica.describe_node(), behind the view replica.node: always one row.
pg::Rows describe(const pg::Arguments& arguments);

}  // namespace node
