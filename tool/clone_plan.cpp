#include "tool/clone_plan.hpp"

#include <fmt/format.h>

#include "core/name.hpp"

namespace cloning {

namespace {

using plan::step;

std::string claim_sentence(const Run& run) {
    if (run.goes_on) return fmt::format("Go on with what an interrupted clone left in {}", run.options.directory);
    if (run.host.target.state == target::State::unfinished)
        return fmt::format("Clear what an unfinished clone left in {}", run.options.directory);
    return fmt::format("Take {} for the standby", run.options.directory);
}

std::string copy_sentence(const Run& run) {
    const std::string& method = run.compression.method;
    return fmt::format("Copy the primary with pg_basebackup ({} checkpoint{})", run.options.checkpoint,
                       method == compression::none ? "" : ", " + method);
}

}  // namespace

// A server must be able to read what it is started with before it is started; a standby is only one when it says so
// itself; it is done only when both sides say that it streams and a write on the primary was read on it.
void append_start(plan::Plan& plan, const SharedRun& run, const std::string& sentence) {
    const auto still_running = [run] {
        return fmt::format("The standby's server still runs: pg_ctl -D {} stop.", name::quote_shell(run->options.directory));
    };
    plan.push_back(step(run, "Check the configuration with the standby's own server program", check_configuration));
    if (run->options.no_start) return;
    plan.push_back(step(run, sentence, start, stop, still_running));
    plan.push_back(step(run, "See it streaming from both sides", see_streaming));
    plan.push_back(step(run, "Write a marker on the primary and read it on the standby", see_marker));
}

std::string start_sentence(const Options& options) { return fmt::format("Start the standby on port {}", options.port); }

bool can_be_finished(const PrimaryFacts& primary, const HostFacts& host) {
    return host.target.state == target::State::unfinished && host.target.marker.placed && primary.slot.exists &&
           primary.slot.wal_status != "lost" && primary.system_identifier == host.target.marker.system_identifier;
}

plan::Plan make_finishing_plan(const SharedRun& run) {
    plan::Plan plan;
    plan.push_back(step(run, fmt::format("Go on with the finished copy in {}", run->options.directory), resume));
    // the run that made the copy may have ended before this check
    append_start(plan, run, start_sentence(run->options));
    plan.push_back(step(run, "Remove the mark of the unfinished clone", finish));
    return plan;
}

void append_beginning(plan::Plan& plan, const SharedRun& run) {
    const Options& options = run->options;
    // the directory first: two runs for one directory are told apart before either touches the primary
    plan.push_back(step(run, claim_sentence(*run), claim, release_all, [run] {
        return fmt::format("{} still holds an unfinished clone: {}rm -r {}", run->options.directory,
                           run->goes_on ? "run the same command again, or " : "", name::quote_shell(run->options.directory));
    }));
    if (run->preparation) preparation::append_steps(plan, run->link, run->preparation);
    plan.push_back(step(run, fmt::format("Log in for replication as \"{}\"", options.replication_user), log_in_for_replication));
    // the slot before the copy: WAL from the start of the copy to the first connection of the standby is kept
    plan.push_back(step(run, fmt::format("Create the replication slot \"{}\" with WAL reserved", options.slot), create_slot,
                        drop_slot, [run] {
                            return fmt::format("The slot is still on the primary and keeps WAL: SELECT * FROM "
                                               "replica.drop_slot('{}');", run->options.slot);
                        }));
}

void append_end(plan::Plan& plan, const SharedRun& run) {
    plan.push_back(step(run, "Make the copy a standby of its own: signal file, primary_conninfo, slot, port", configure,
                        remove_configuration));
    plan.push_back(step(run, "Move the copy into place", put_in_place));
    append_start(plan, run, start_sentence(run->options));
    plan.push_back(step(run, "Remove the mark of the unfinished clone", finish));
}

plan::Plan make_plan(const SharedRun& run) {
    plan::Plan plan;
    append_beginning(plan, run);
    plan.push_back(step(run, copy_sentence(*run), copy));
    if (!run->options.no_verify)
        plan.push_back(step(run, "Verify every file against the backup manifest (pg_verifybackup)", verify_copy));
    append_end(plan, run);
    return plan;
}

std::shared_ptr<preparation::Preparation> make_preparation(const Options& options, const PrimaryFacts& primary) {
    const auto preparation = std::make_shared<preparation::Preparation>();
    if (!primary.login.succeeded) preparation->role = options.replication_user;
    preparation->address = options.standby_address.empty() ? primary.client_address : options.standby_address;
    preparation->connection_limit = options.connection_limit;
    preparation->standbys = preparation::enough_for_one_more(primary.standbys);
    preparation->role_exists = primary.role.exists;
    preparation->extension_exists = !primary.extension_version.empty();
    preparation->uses_tls = primary.uses_tls;
    return preparation;
}

}  // namespace cloning
