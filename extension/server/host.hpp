// The machine that the server runs on.
#pragma once

#include <vector>

#include "core/hba_address.hpp"

namespace host {

// The addresses of all network interfaces with their masks, as samehost and samenet in pg_hba.conf see them.
// Empty when the system does not tell, in which case the server finds no match either.
std::vector<hba::Network> interfaces();

}  // namespace host
