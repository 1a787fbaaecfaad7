// The machine that the server runs on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/hba_address.hpp"

namespace host {

// The addresses of all network interfaces with their masks, as samehost and samenet in pg_hba.conf see them.
// Empty when the system does not tell, in which case the server finds no match either.
std::vector<hba::Network> interfaces();

// Bytes of the file system that holds a path.
struct Space {
    std::int64_t free;  // for who is not the super-user
    std::int64_t total;
};

// Nothing when the system does not tell. A relative path starts at the data directory; symbolic links are followed.
std::optional<Space> space_at(const std::string& path);

}  // namespace host
