// The order of a switchover, and what it says of itself.
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "tool/clone_plan.hpp"
#include "tool/switching_run.hpp"

namespace switching {

namespace {

using plan::step;

std::string place(const Run& run) {
    const cloning::PrimaryFacts& other = run.base->standby->primary;
    return fmt::format("{} port {}", other.host, other.port);
}

void configure(world::World& world, Run& run) { rejoin::configure(world, *run.base); }
void restore(world::World& world, Run& run) { rejoin::restore_configuration(world, *run.base); }

void clear_names(world::World& world, Run& run) {
    run.promotion = std::make_unique<promotion::Run>(run.standby().link.session(), run.facts.standby);
    promotion::clear_names(world, *run.promotion);
}
void restore_names(world::World&, Run& run) {
    if (run.promotion) promotion::restore_names(*run.promotion);
}

void settle(world::World& world, Run& run) {
    promotion::Run promotion(run.standby().link.session(), run.facts.standby);
    promotion.patience = run.standby().patience();
    promotion::settle(world, promotion);
}

void finish(world::World& world, Run& run) {
    rejoin::look_at_slots(world, *run.base);
    remove_marker(world.files, run.directory());
}

void forbid_return(world::World&, Run& run) {
    if (run.marker.promoting)
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "a promotion cannot be taken back");
}

// While both servers work as before: everything that can fail, so that it fails now.
void append_preparation(plan::Plan& plan, const SharedRun& run) {
    cloning::Run& standby = run->standby();
    if (standby.preparation) {
        preparation::append_role_step(plan, *run->primary, standby.preparation);
        plan.push_back(step(run, "Wait until the standby has the role", wait_for_role));
        preparation::append_admission_step(plan, standby.link, standby.preparation, "standby");
    }
    plan.push_back(step(run->base->standby, fmt::format("Log in to the standby for replication as \"{}\"", standby.options.replication_user),
                            cloning::log_in_for_replication));
}

void append_slots(plan::Plan& plan, const SharedRun& run) {
    const auto left = [run] {
        return fmt::format("The slot is still on {} and keeps WAL: SELECT pg_drop_replication_slot({});", place(*run),
                           name::quote_literal(run->standby().options.slot));
    };
    plan.push_back(step(run, fmt::format("Create the replication slot \"{}\" on the standby", run->standby().options.slot),
                        create_slot, drop_slot, left));
    if (!run->facts.others.empty())
        plan.push_back(step(run, fmt::format("Create there what the other {} will need", run->facts.others.size() == 1
                                                 ? "standby" : fmt::format("{} standbys", run->facts.others.size())),
                            serve_others, forget_others, [] { return std::string("Slots of other standbys are still on it."); }));
}

// The signal file before the stop: whatever starts the server from then on, a service included, starts a standby.
void append_fence(plan::Plan& plan, const SharedRun& run) {
    plan.push_back(step(run, "Point this server's configuration to the standby", configure, restore));
    plan.push_back(step(run->base->standby, "Check the configuration with the server's own program", cloning::check_configuration));
    plan.push_back(step(run, "Write a checkpoint on the primary, and wait until the standby has caught up", catch_up));
    plan.push_back(step(run, fmt::format("Make {} a standby's directory, which never starts as a primary", run->directory()),
                        fence, unfence, [run] { return "The server is fenced: " + run->directory() + "/standby.signal."; }));
}

void append_change(plan::Plan& plan, const SharedRun& run) {
    plan.push_back(step(run, "Stop this server (fast shutdown); no server takes writes from now on", stop, start_again, [run] {
        return fmt::format("It could not be asked of {} whether it is a standby still, or this server did not start: run the same "
                           "command again. If that server is lost for good, remove standby.signal and {} from {} and start "
                           "this one.", place(*run), marker_name, run->directory());
    }));
    plan.push_back(step(run, "Wait until the standby has replayed the last record", wait_for_end));
    plan.push_back(step(run, "Promote the standby and wait until it accepts writes", promote,
                        forbid_return,
                        [run] { return "The promotion was asked for; to go on: " + same_command(*run); }));
}

void append_end(plan::Plan& plan, const SharedRun& run) {
    plan.push_back(step(run->base->standby, "Start this server as a standby", cloning::start));
    plan.push_back(step(run->base->standby, "See it streaming from both sides", cloning::see_streaming));
    plan.push_back(step(run->base->standby, "Write a marker on the new primary and read it here", cloning::see_marker));
    plan.push_back(step(run, "Write a checkpoint on the new primary, so that its control file shows the new timeline", settle));
    plan.push_back(step(run, "Drop the slot of the new primary here, and remove the mark of the unfinished switchover", finish));
}

// What was made for the change stays where the change may go on.
void guard_undo(plan::Plan& plan, const SharedRun& run, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!plan[i].undo) continue;
        plan[i].undo = [run, undo = plan[i].undo](world::World& world) {
            if (!run->no_way_back()) undo(world);
        };
    }
}

}  // namespace

plan::Plan make_plan(const SharedRun& run) {
    plan::Plan plan;
    if (!run->begun) append_preparation(plan, run);
    append_slots(plan, run);
    if (!run->begun) append_fence(plan, run);
    if (!run->facts.standby.synchronous_standby_names.empty())
        plan.push_back(step(run, "Clear synchronous_standby_names of the standby, for which every commit would wait", clear_names,
                            restore_names, [] { return std::string("synchronous_standby_names is still cleared."); }));
    guard_undo(plan, run, plan.size());
    append_change(plan, run);
    append_end(plan, run);
    return plan;
}

std::string who_is_primary(const Run& run) {
    if (run.marker.promoting)
        return fmt::format("The primary is {}, or it is being promoted; the server in \"{}\" starts only as its standby.", place(run),
                           run.directory());
    if (run.stays)
        return fmt::format("No server takes writes: {} is a standby as far as is known, and the server in \"{}\" starts only as one.",
                           place(run), run.directory());
    return fmt::format("The server in \"{}\" is the primary, as before.", run.directory());
}

std::string same_command(const Run& run) {
    const cloning::Options& options = run.base->standby->options;
    const cloning::PrimaryFacts& other = run.base->standby->primary;
    return fmt::format("pg_replica switchover -D {} -h {} -p {} -U {} -d {}", name::quote_shell(options.directory),
                       name::quote_shell(other.host), other.port, name::quote_shell(other.user), name::quote_shell(other.dbname));
}

}  // namespace switching
