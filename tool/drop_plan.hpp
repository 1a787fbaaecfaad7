// What a standby that is gone has left on its primary, and the steps that remove it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tool/link.hpp"
#include "tool/plan.hpp"

namespace drop_plan {

// What bears the standby's name, or what clone made from it; empty for what is not there.
struct Leftovers {
    std::string standby;
    std::string slot;                    // a physical slot that nobody streams from
    std::string retained;                // what it keeps, in words
    std::string role;                    // made by pg_replica for this standby alone
    bool role_in_use = false;
    std::vector<std::string> addresses;  // that pg_replica's own lines in pg_hba.conf admit the role from
    bool marker = false;                 // a row of replica.marker
    bool sees_lines = true;              // false: this role may not read pg_hba.conf
    bool listed_synchronous = false;     // synchronous_standby_names names it
};

// Reads what is left of a standby. Throws Failure (precondition) when it is connected, when its slot is in use or
// is a logical one, and on a standby.
Leftovers find(tool::Link& primary, const std::string& standby);

// Slot, admission, role, marker, in this order: the slot fills the disk, and no line may name a role that is gone. What is
// removed does not come back; the steps have no undo and may run again.
plan::Plan steps(tool::Link& primary, const Leftovers& leftovers);

// What stays, and why; one sentence each.
std::vector<std::string> remarks(const Leftovers& leftovers);

}  // namespace drop_plan
