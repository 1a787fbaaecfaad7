// A whole refresh, as the command of that name and rejoin run it.
#pragma once

#include <string>

#include "tool/clone_options.hpp"
#include "tool/exit_code.hpp"
#include "tool/link.hpp"

namespace commands {

struct RefreshOptions {
    cloning::Options clone;  // what it shares with clone; the directory is canonical
    int connections = 2;
    bool remains = false;    // a directory without pg_control is what an interrupted copy left
    bool of_rejoin = false;  // the directory is a former primary's: it gets its signal file before anything else
    std::string compress = "auto";
};

// Checks, compares and fetches, starts the standby and proves it; with dry_run tells what would be fetched. Throws Failure.
ExitCode refresh(world::World& world, RefreshOptions options, tool::Link& link);

}  // namespace commands
