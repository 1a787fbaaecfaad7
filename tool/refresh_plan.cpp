#include "tool/refresh_plan.hpp"

#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/clone_plan.hpp"
#include "tool/preparation.hpp"

namespace refreshing {

namespace {

using plan::step;

std::string what_is_left(const Run& run) {
    if (run.live)
        return fmt::format("{} is complete: mend what is named above and run the same command again, or start it with "
                           "pg_ctl -D {} start.", run.directory(), name::quote_shell(run.directory()));
    return fmt::format("{} is unfinished, and no server starts on it: run the same command again.", run.directory());
}

// Up to here the directory is what it was, and a failure leaves it so.
void append_beginning(plan::Plan& plan, const SharedRun& run) {
    const cloning::Options& options = run->base->options;
    plan.push_back(step(run, fmt::format("Take {}, with the lock of a server", options.directory), guard, release,
                        [run] { return what_is_left(*run); }));
    if (run->base->preparation) preparation::append_steps(plan, run->base->link, run->base->preparation);
    plan.push_back(step(run->base, fmt::format("Log in for replication as \"{}\"", options.replication_user),
                               cloning::log_in_for_replication));
    // the slot before the backup: WAL from its start to the first connection of the standby is kept
    plan.push_back(step(run, fmt::format("Hold WAL on the primary with the replication slot \"{}\"", options.slot),
                        reserve_slot, give_slot_back, [slot = options.slot] {
                            return fmt::format("The slot is still on the primary and keeps WAL: SELECT * FROM "
                                               "replica.drop_slot('{}');", slot);
                        }));
    plan.push_back(step(run, fmt::format("Begin a backup on the primary ({} checkpoint)", options.checkpoint), begin_backup,
                        abandon_backup));
}

}  // namespace

plan::Plan make_plan(const SharedRun& run) {
    plan::Plan plan;
    append_beginning(plan, run);
    // the list after the beginning: what comes later is in the WAL
    plan.push_back(step(run, "Put pg_control aside: from here on the old content is no fallback, and no server starts on it",
                        park_control));
    plan.push_back(step(run, "Remove what the primary does not have, and make its directories", lay_out));
    plan.push_back(step(run, fmt::format("Compare every block with the primary's and fetch what differs ({} connection{})",
                                         run->connections, run->connections == 1 ? "" : "s"), compare));
    plan.push_back(step(run, "End the backup", end_backup));
    plan.push_back(step(run, "Make the directory a standby's: backup_label, signal file, primary_conninfo, slot", configure));
    plan.push_back(step(run, "Bring everything to disk and put the primary's pg_control in place", go_live));
    cloning::append_start(plan, run->base, cloning::start_sentence(run->base->options));
    plan.push_back(step(run, "Remove the mark of the unfinished refresh", unmark));
    return plan;
}

}  // namespace refreshing
