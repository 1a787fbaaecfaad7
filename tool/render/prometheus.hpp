// Status in Prometheus' text format (exposition_formats, version 0.0.4).
#pragma once

#include <cstdint>

#include "tool/render/server.hpp"

namespace render {

// Metrics begin with pg_replica_. Labels name what lasts (server, standby, address, slot), never a process, so that a
// reconnect continues the series; of sessions that share all labels, the worst value stands. What is unknown has no
// sample. now: seconds since the epoch, when the facts were read.
std::string prometheus(const std::vector<Server>& servers, double now);

// A label's value: backslash, quote and line break escaped; bytes that are not UTF-8 become U+FFFD.
std::string label_value(std::string_view text);

}  // namespace render
