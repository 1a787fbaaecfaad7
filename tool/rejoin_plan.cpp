// The order of a rejoin.
#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/clone_plan.hpp"
#include "tool/rejoin_run.hpp"

namespace rejoin {

namespace {

using plan::step;

std::string broken(const Run& run) {
    return fmt::format("pg_rewind broke off in {}: what is there starts as nothing. Run the same command without --way rewind: it "
                       "fetches what differs.", run.directory());
}

// pg_rewind compares control files: the source's must be on its new timeline, or it finds nothing to do. The configuration
// is out of its reach while it works, and what it has half done can never be started.
void append_rewind(plan::Plan& plan, const SharedRun& run) {
    plan.push_back(step(run, "Write a checkpoint on the new primary, so that its control file shows its timeline",
                        write_checkpoint));
    plan.push_back(step(run, "Move the cluster's files to where no server starts, apart from the configuration", move_in,
                        move_back, [run] { return broken(*run); }));
    if (!run->local.control.was_clean())
        plan.push_back(step(run, "Bring the crashed server's files to a clean end (single-user recovery)", recover));
    plan.push_back(step(run, "Try pg_rewind without writing", try_rewind));
    plan.push_back(step(run, "Rewind, and move the files back", rewind));
}

}  // namespace

plan::Plan make_plan(const SharedRun& run) {
    cloning::Run& standby = *run->standby;
    plan::Plan plan;
    // first of all: from here on, nothing that starts the directory makes a second primary
    plan.push_back(step(run, fmt::format("Make {} a standby's directory, which never starts as a primary", run->directory()),
                        fence, leave_fenced));
    if (standby.preparation) preparation::append_steps(plan, standby.link, standby.preparation);
    plan.push_back(step(run->standby, fmt::format("Log in for replication as \"{}\"", standby.options.replication_user),
                          cloning::log_in_for_replication));
    // before the checkpoint: what the new primary keeps since its fork is kept from now on
    plan.push_back(step(run->standby, fmt::format("Create the replication slot \"{}\" on the new primary", standby.options.slot),
                          cloning::create_slot, cloning::drop_slot, [run] {
                              return fmt::format("The slot is still on the primary and keeps WAL: SELECT * FROM "
                                                 "replica.drop_slot('{}');", run->standby->options.slot);
                          }));
    if (run->decision.way == former_primary::Way::rewind) append_rewind(plan, run);
    plan.push_back(step(run, "Point its own configuration to the new primary", point, restore_configuration));
    cloning::append_start(plan, run->standby, "Start it as a standby");
    plan.push_back(step(run, "Look at the slots that it still has of its time as the primary", look_at_slots));
    plan.push_back(step(run, "Remove the mark of the unfinished rejoin", finish));
    return plan;
}

}  // namespace rejoin
