// What the commands that make a standby share: clone, and refresh of a directory that is there.
#pragma once

#include "tool/clone_run.hpp"
#include "tool/exit_code.hpp"

namespace commands {

void introduce(world::Reporter& reporter, const cloning::Options& options, const cloning::PrimaryFacts& primary);

void print_result(const cloning::Run& run);

// The second run of a command that has succeeded: says so, proves it, changes nothing.
ExitCode prove_again(world::World& world, cloning::Run& run);

}  // namespace commands
