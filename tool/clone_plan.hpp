// The order of a clone, and why it is this one.
#pragma once

#include "tool/clone_run.hpp"
#include "tool/plan.hpp"

namespace cloning {

// Everything from an empty directory to a proven standby.
plan::Plan make_plan(const SharedRun& run);

// Its parts before the copy and behind it.
void append_beginning(plan::Plan& plan, const SharedRun& run);
void append_end(plan::Plan& plan, const SharedRun& run);

// From the finished directory to the proof, for every command that makes a standby; with no_start the check alone.
void append_start(plan::Plan& plan, const SharedRun& run, const std::string& sentence);
std::string start_sentence(const Options& options);

// The rest of a clone whose copy was verified and in place when it was interrupted.
plan::Plan make_finishing_plan(const SharedRun& run);

// An interrupted clone that only has to be started and proven: its copy is in place and its slot still has the WAL.
bool can_be_finished(const PrimaryFacts& primary, const HostFacts& host);

// What --prepare makes ready for this standby.
std::shared_ptr<preparation::Preparation> make_preparation(const Options& options, const PrimaryFacts& primary);

}  // namespace cloning
