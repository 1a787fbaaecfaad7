// Status as a Nagios plugin prints it (Nagios Plugins Development Guidelines): one line with performance data.
#pragma once

#include "tool/render/server.hpp"

namespace render {

// "PG_REPLICA OK: ..." and what is not ok, worst first; after " | " lag in bytes and seconds of each standby and what
// slots retain. What is unknown has no value there. One line, ended by a line break, whatever names hold.
std::string nagios(const std::vector<Server>& servers, const health::Thresholds& thresholds);

}  // namespace render
