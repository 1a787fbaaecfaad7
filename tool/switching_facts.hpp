// What is known of both servers before they change roles, and what stands in the way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tool/preflight.hpp"
#include "tool/promotion.hpp"

namespace switching {

// Another standby of the primary, which will have to follow the new one.
struct Other {
    std::string name, slot, role, address;  // slot empty: it uses none; address empty: a Unix-domain socket
};

struct Facts {
    std::string standby_name, standby_slot;  // of the standby that is to be promoted, as it names itself
    std::string state;                       // of its walsender on the primary; empty: there is none
    std::uint64_t behind = 0;                // bytes that it has yet to replay
    promotion::Facts standby;
    bool primary_may_checkpoint = false;
    bool backup_runs = false;
    std::string archive_problem;             // name of the file that cannot be archived; empty: none
    std::map<std::string, std::string> limits;  // of the primary, those that a standby needs at least as large
    std::string synchronous_standby_names;      // of the primary
    std::string data_directory, config_file;    // of the primary; empty without the right to see them
    std::vector<Other> others;
};

// More than that is to be caught up before, while writes go on.
inline constexpr std::uint64_t most_behind = 16 * 1024 * 1024;

// Reads of both. name and slot are those of the standby (standby_login), promotion its own facts.
Facts gather(world::Session& primary, world::Session& standby, const std::string& name, const std::string& slot);

// Everything that stands in the way; server is what was read of the standby as the future primary.
std::vector<cloning::Finding> findings(const cloning::Options& options, const Facts& facts, const cloning::PrimaryFacts& server);

}  // namespace switching
