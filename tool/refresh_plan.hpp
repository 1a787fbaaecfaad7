// What stands in the way of a refresh, and the order of its steps.
#pragma once

#include "tool/plan.hpp"
#include "tool/refresh_run.hpp"

namespace refreshing {

// Facts of the primary that only a refresh needs.
struct Source {
    bool has_functions = false;               // the extension is new enough
    std::vector<std::string> missing_rights;  // as in cloning::PrimaryFacts
    bool same_host = false;                   // the primary's own data directory is on this host
};

Source ask_source(world::World& world, tool::Link& primary, const cloning::PrimaryFacts& facts);

// The host's facts with the directory as this tool's own to fill: what cloning::findings judges then is the primary, the
// login, the slot, and this host's port, log and folders.
cloning::HostFacts as_own(cloning::HostFacts host, const cloning::Options& options, const cloning::PrimaryFacts& primary,
                          const Former& former);

// remains: the user says that a directory without pg_control is what a copy of this cluster left.
std::vector<cloning::Finding> findings(world::World& world, const cloning::Options& options,
                                       const cloning::PrimaryFacts& primary, const Former& former, const Source& source,
                                       bool remains);

plan::Plan make_plan(const SharedRun& run);

}  // namespace refreshing
