// What status prints for people and as JSON, from the rows of the views replica.node, replica.standbys and replica.slots.
#pragma once

#include <string>

#include "tool/render/server.hpp"

namespace status_report {

struct Look {
    std::size_t width = 0;  // columns of the terminal, 0 = unlimited
    bool verbose = false;   // more columns, and the slots; a blocker is shown whenever there is one
};

// For people: who streams from whom, where one of the servers does so from another, and a block for each server.
std::string text(const std::vector<render::Server>& servers, const Look& look);

// One object: schema_version (2), health, and servers (an array): name, upstream, health, reason, error (null, or message, detail
// and hint), node (null when it could not be read), standbys and slots; their keys as the columns of the views, types
// as in render/json.hpp. docs/status.schema.json describes it.
std::string json(const std::vector<render::Server>& servers);

}  // namespace status_report
