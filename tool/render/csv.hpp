// Status as CSV (RFC 4180): lines end in CR LF, fields are quoted where they must be.
#pragma once

#include "tool/render/server.hpp"

namespace render {

// One field, quoted when it holds a comma, a quote, a line break or a space at an end; NULL is nothing, and an
// empty text is "".
std::string csv_field(const Value& value);

// A header, then one line for each server, each of its standbys and each of its slots (column kind: node, standby,
// slot). Intervals are seconds. A server that could not be read is a line with its reason.
std::string csv(const std::vector<Server>& servers);

}  // namespace render
