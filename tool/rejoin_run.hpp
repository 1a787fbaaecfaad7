// One run of rejoin: the steps that make a former primary a standby of the new one. What a clone does as well (role,
// login, slot, start, proof) is done by the clone's own steps on the same facts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tool/clone_run.hpp"
#include "tool/former_primary.hpp"
#include "tool/plan.hpp"
#include "tool/rejoin_area.hpp"

namespace rejoin {

struct Run {
    cloning::SharedRun standby;  // as far as a clone and this have the same steps
    former_primary::Source source;
    former_primary::Local local;
    former_primary::Decision decision;
    std::vector<std::string> dropped_slots;  // named by the user

    bool configured = false;
    std::string auto_conf_before;
    std::string passfile;  // of the administrator, while pg_rewind runs

    const std::string& directory() const { return standby->options.directory; }
    std::string partial() const { return rejoin_area::partial_path(directory()); }
};

using SharedRun = std::shared_ptr<Run>;

plan::Plan make_plan(const SharedRun& run);

// Brings back what an interrupted run has moved away; for a run that begins, before it looks at the directory. Takes the
// directory's lock. Throws Failure for a rewind that broke off, which cannot be mended.
void repair(world::World& world, const std::string& directory);

// The steps; rejoin_plan.cpp says why they stand in that order.
void fence(world::World& world, Run& run);
void leave_fenced(world::World& world, Run& run);
void write_checkpoint(world::World& world, Run& run);
void move_in(world::World& world, Run& run);
void move_back(world::World& world, Run& run);
void recover(world::World& world, Run& run);
void try_rewind(world::World& world, Run& run);
void rewind(world::World& world, Run& run);
void configure(world::World& world, Run& run);
void point(world::World& world, Run& run);
void restore_configuration(world::World& world, Run& run);
void look_at_slots(world::World& world, Run& run);
void finish(world::World& world, Run& run);

// Throws core::Error when a server runs in the directory.
void check_stopped(world::World& world, const std::string& directory);

}  // namespace rejoin
