// Several servers of one answer as a tree: who streams from whom, and how each is.
#pragma once

#include <string>
#include <vector>

#include "tool/render/server.hpp"

namespace status_tree {

// One line a server, its standbys indented below it; standbys that only their upstream was asked about, too. Empty when none
// of the servers streams from another one of them.
std::string text(const std::vector<render::Server>& servers);

}  // namespace status_tree
