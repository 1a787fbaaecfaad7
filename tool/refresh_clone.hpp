// An interrupted clone goes on: the copy that it left in its staging folder is brought up to date, block by block, instead of
// made anew. All else is clone's: the mark, what is undone, and what comes after the copy.
#pragma once

#include "tool/plan.hpp"
#include "tool/refresh_plan.hpp"

namespace refreshing {

// The directory holds such a copy, of this primary and with all places that the command names, and the primary can tell
// what differs.
bool can_go_on(world::World& world, const cloning::Run& run, const Source& source);

// run.goes_on is set.
plan::Plan make_continuing_plan(const cloning::SharedRun& clone);

// The steps of their own.
void make_copy_of_it(world::World& world, Run& run);
void lay_out_staging(world::World& world, Run& run);

}  // namespace refreshing
