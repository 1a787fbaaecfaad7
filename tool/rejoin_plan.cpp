// The order of a rejoin.
#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/clone_plan.hpp"
#include "tool/rejoin_run.hpp"

namespace rejoin {

namespace {

using Action = void (*)(world::World&, Run&);
using StandbyAction = void (*)(world::World&, cloning::Run&);

std::function<void(world::World&)> bound(const SharedRun& run, Action action) {
    if (action == nullptr) return {};
    return [run, action](world::World& world) { action(world, *run); };
}

plan::Step step(const SharedRun& run, std::string sentence, Action action, Action undo = nullptr,
                std::function<std::string()> by_hand = {}) {
    return {std::move(sentence), bound(run, action), bound(run, undo), std::move(by_hand)};
}

plan::Step shared(const SharedRun& run, std::string sentence, StandbyAction action, StandbyAction undo = nullptr,
                  std::function<std::string()> by_hand = {}) {
    const auto call = [run](StandbyAction what) -> std::function<void(world::World&)> {
        if (what == nullptr) return {};
        return [run, what](world::World& world) { what(world, *run->standby); };
    };
    return {std::move(sentence), call(action), call(undo), std::move(by_hand)};
}

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

void append_start(plan::Plan& plan, const SharedRun& run) {
    const auto still_running = [run] {
        return fmt::format("The standby's server still runs: pg_ctl -D {} stop.", name::quote_shell(run->directory()));
    };
    plan.push_back(shared(run, "Check the configuration with the server's own program", cloning::check_configuration));
    plan.push_back(shared(run, "Start it as a standby", cloning::start, cloning::stop, still_running));
    plan.push_back(shared(run, "See it streaming from both sides", cloning::see_streaming));
    plan.push_back(shared(run, "Write a marker on the primary and read it on the standby", cloning::see_marker));
}

}  // namespace

plan::Plan make_plan(const SharedRun& run) {
    cloning::Run& standby = *run->standby;
    plan::Plan plan;
    // first of all: from here on, nothing that starts the directory makes a second primary
    plan.push_back(step(run, fmt::format("Make {} a standby's directory, which never starts as a primary", run->directory()),
                        fence, leave_fenced));
    if (standby.preparation) preparation::append_steps(plan, standby.link, standby.preparation);
    plan.push_back(shared(run, fmt::format("Log in for replication as \"{}\"", standby.options.replication_user),
                          cloning::log_in_for_replication));
    // before the checkpoint: what the new primary keeps since its fork is kept from now on
    plan.push_back(shared(run, fmt::format("Create the replication slot \"{}\" on the new primary", standby.options.slot),
                          cloning::create_slot, cloning::drop_slot, [run] {
                              return fmt::format("The slot is still on the primary and keeps WAL: SELECT * FROM "
                                                 "replica.drop_slot('{}');", run->standby->options.slot);
                          }));
    if (run->decision.way == former_primary::Way::rewind) append_rewind(plan, run);
    plan.push_back(step(run, "Point its own configuration to the new primary", point, restore_configuration));
    append_start(plan, run);
    plan.push_back(step(run, "Look at the slots that it still has of its time as the primary", look_at_slots));
    plan.push_back(step(run, "Remove the mark of the unfinished rejoin", finish));
    return plan;
}

}  // namespace rejoin
