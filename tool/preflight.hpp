// What stands in the way of a clone, decided from facts alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/primary_facts.hpp"
#include "tool/target.hpp"

namespace cloning {

// What this host tells.
struct HostFacts {
    target::Found target{target::State::missing, {}};
    std::string parent;           // of the target
    bool parent_writable = false;
    bool owned = true;            // an existing target belongs to this user
    std::string enclosing;        // a data directory that the target would lie in; empty: none
    bool server_running = false;  // on the target
    bool port_free = true;
    std::uint64_t free_bytes = 0;
    bool config_dir_usable = true;
    std::vector<std::string> occupied_outside;  // of outside_directories, those that hold something foreign
};

// The directories outside of the data directory that the copy will fill: tablespaces, after mapping, and WAL.
std::vector<std::string> outside_directories(const Options& options, const PrimaryFacts& primary);

HostFacts look_at_host(world::World& world, const Options& options, const PrimaryFacts& primary);

struct Finding {
    bool is_error;
    std::string message, fix;
};

std::vector<Finding> findings(const Options& options, const PrimaryFacts& primary, const HostFacts& host);

// Reports warnings; throws Failure (precondition) that lists every error with its fix.
void refuse_if_any_error(world::Reporter& reporter, const std::vector<Finding>& findings);

}  // namespace cloning
