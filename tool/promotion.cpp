#include "tool/promotion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "core/lsn.hpp"
#include "core/name.hpp"
#include "tool/failure.hpp"
#include "tool/link.hpp"
#include "tool/patience.hpp"
#include "tool/render/progress.hpp"

namespace promotion {

namespace {

using SharedRun = std::shared_ptr<Run>;

// pg_is_wal_replay_paused() is an error on a primary; pg_checkpoint is a role since PostgreSQL 15.
constexpr const char* facts_query = R"(
    SELECT pg_is_in_recovery() AS in_recovery, current_setting('server_version_num') AS version,
           (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
           pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
           pg_last_xact_replay_timestamp()::timestamptz(0) || ', ' ||
             (now() - pg_last_xact_replay_timestamp())::interval(0) || ' ago' AS last_commit,
           CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,
           has_function_privilege('pg_promote(boolean, integer)', 'EXECUTE') AS may_promote,
           current_setting('is_superuser') = 'on' OR
             EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')) AS may_checkpoint,
           current_setting('synchronous_standby_names') AS names,
           (SELECT source FROM pg_settings WHERE name = 'synchronous_standby_names') AS names_source,
           w.status, w.latest_end_lsn, w.last_msg_receipt_time::timestamptz(0) || ', ' ||
             (now() - w.last_msg_receipt_time)::interval(0) || ' ago' AS silence
      FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS w ON true)";

std::string text(const world::Rows& rows, const char* column) { return rows.at(0, column).value_or(""); }

std::uint64_t position(const std::string& text) { return lsn::parse(text).value_or(0); }

// Bytes that the primary has and this standby has not; replayed counts where a standby was copied and never streamed.
std::uint64_t missing(const Facts& facts, const std::string& end) {
    const std::uint64_t have = std::max(position(facts.received), position(facts.replayed));
    return position(end) > have ? position(end) - have : 0;
}

std::string last_known_end(const Facts& facts, const peer::Answer& primary) {
    if (primary.asked && !primary.position.empty()) return primary.position;
    return facts.told;
}

std::string still_there(const Facts& facts, const peer::Answer& primary) {
    if (!primary.asked) return {};
    if (!primary.in_recovery)
        return fmt::format("It is a primary on timeline {} at {}.", primary.timeline, primary.position);
    if (const auto bytes = missing(facts, primary.position); bytes > 0)
        return fmt::format("It is a standby itself, and {} ahead of this one.", render::bytes(bytes));
    return {};
}

void check_primary(const Facts& facts, const peer::Answer& primary, const std::string& place) {
    const std::string there = still_there(facts, primary);
    const std::string force = " --force promotes this standby anyway.";
    if (primary.is_primary())
        throw refused(fmt::format("the primary at {} answers: a promotion would make two primaries", place), there,
                      "Stop it first (pg_ctl -m fast stop), so that this standby gets all of its WAL." + force);
    if (!there.empty())
        throw refused(fmt::format("the server at {} is ahead of this standby", place), there,
                      "Promote that one, or wait until this one has caught up." + force);
    if (primary.answers && !primary.asked)
        throw refused(fmt::format("a server answers at {}, where the primary was, and cannot be asked what it is", place),
                      primary.problem,
                      "Make sure that it is stopped, or name a connection that it lets in with --primary." + force);
    if (const auto bytes = missing(facts, last_known_end(facts, primary)); bytes > 0)
        throw refused(fmt::format("the primary was {} ahead of this standby when it was last heard", render::bytes(bytes)),
                      fmt::format("Its last known position is {}, and this standby has received up to {}.",
                                  last_known_end(facts, primary), facts.received),
                      "Look for a standby that has more, or bring the primary back." + force);
}

bool still_in_recovery(world::Session& server, std::string& sign) {
    const world::Rows rows =
        server.query("SELECT pg_is_in_recovery() AS in_recovery, pg_last_wal_replay_lsn() AS replayed");
    sign = text(rows, "replayed");
    return rows.at(0, "in_recovery") == "t";
}

// A slot that cannot be made is no reason to stay without a primary.
void make_slot(world::World& world, Run& run, const std::string& slot) {
    try {
        if (!run.server.query("SELECT FROM pg_replication_slots WHERE slot_name = $1", {slot}).rows.empty())
            return world.reporter.fact(fmt::format("the slot \"{}\" is there already", slot));
        run.server.query("SELECT pg_create_physical_replication_slot($1, true)", {slot});
        run.slots_made.push_back(slot);
        world.reporter.fact(fmt::format("slot \"{}\"", slot));
    } catch (const core::Error& error) {
        if (error.sqlstate == core::sqlstate::connection_failure) throw;
        world.reporter.warning(fmt::format("the slot \"{}\" is not there ({}); run once that is mended: SELECT "
                                           "pg_create_physical_replication_slot('{}', true);", slot, error.message, slot));
    }
}

void make_slots(world::World& world, Run& run) {
    for (const std::string& standby : run.others) make_slot(world, run, name::slot_from(standby));
}

void drop_slots(world::World&, Run& run) {
    for (const std::string& slot : run.slots_made) run.server.query("SELECT pg_drop_replication_slot($1)", {slot});
    run.slots_made.clear();
}

[[noreturn]] void cannot_go_back() {
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "a promotion cannot be taken back");
}

}  // namespace

Facts gather(world::Session& standby) {
    const world::Rows rows = standby.query(facts_query);
    Facts facts;
    facts.in_recovery = text(rows, "in_recovery") == "t";
    facts.version = tool::number(rows.at(0, "version"));
    facts.system_identifier = text(rows, "system_identifier");
    facts.received = text(rows, "received");
    facts.replayed = text(rows, "replayed");
    facts.last_commit = text(rows, "last_commit");
    facts.receiver = text(rows, "status");
    facts.told = text(rows, "latest_end_lsn");
    facts.silence = text(rows, "silence");
    facts.paused = text(rows, "paused") == "t";
    facts.may_promote = text(rows, "may_promote") == "t";
    facts.may_checkpoint = text(rows, "may_checkpoint") == "t";
    facts.synchronous_standby_names = text(rows, "names");
    facts.synchronous_source = text(rows, "names_source");
    return facts;
}

std::vector<std::string> known_standbys(world::Session& standby) {
    const world::Rows readable = standby.query(
        "SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'replica' AND c.relname = 'marker' "
        "AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')");
    std::vector<std::string> names;
    if (readable.rows.empty()) return names;
    const world::Rows rows = standby.query(
        "SELECT standby_name FROM replica.marker WHERE standby_name <> current_setting('cluster_name') ORDER BY 1");
    for (const auto& row : rows.rows) names.push_back(row.at(0).value_or(""));
    return names;
}

std::vector<std::string> known_losses(const Facts& facts, const peer::Answer& primary) {
    const auto or_nothing = [](const std::string& text) { return text.empty() ? std::string("nothing") : text; };
    std::vector<std::string> said{fmt::format("received up to {}, replayed up to {}", or_nothing(facts.received),
                                              or_nothing(facts.replayed))};
    said.push_back(facts.last_commit.empty() ? "no commit was replayed since the server started"
                                             : "the last commit that was replayed is of " + facts.last_commit);
    said.push_back(facts.silence.empty() ? "there is no connection to the primary now"
                                         : "the primary was last heard at " + facts.silence);
    const std::string end = last_known_end(facts, primary);
    if (end.empty())
        said.push_back("the primary's last position is not known: what it committed after that time is missing here");
    else if (const auto bytes = missing(facts, end); bytes > 0)
        said.push_back(fmt::format("the primary was at {}: {} are known to be missing", end, render::bytes(bytes)));
    else
        said.push_back(fmt::format("the primary's last known position is {}: nothing is known to be missing", end));
    return said;
}

void check(const Facts& facts, const peer::Answer& primary, const std::string& place, bool force) {
    if (facts.paused)
        throw refused("replay is paused on this standby", fmt::format("It stands at {}.", facts.replayed),
                      "Run on it: SELECT pg_wal_replay_resume(); when the server paused by itself because a limit is lower "
                      "than on the primary, raise that limit and restart it first, or the promotion would end it.");
    if (!facts.may_promote || !facts.may_checkpoint)
        throw refused("the login lacks rights that a promotion needs", "It calls pg_promote and CHECKPOINT.",
                      "Log in as a superuser with -U, or GRANT EXECUTE ON FUNCTION pg_promote, and since PostgreSQL 15 "
                      "pg_checkpoint, TO the role.");
    if (!force) check_primary(facts, primary, place);
}

void clear_names(world::World& world, Run& run) {
    run.cleared_names = true;
    run.server.query("ALTER SYSTEM SET synchronous_standby_names = ''");
    run.server.query("SELECT pg_reload_conf()");
    world.reporter.fact(fmt::format("it was {}; set it again when the standbys that it names follow this server",
                                    name::quote_literal(run.facts.synchronous_standby_names)));
}

void restore_names(Run& run) {
    if (!run.cleared_names) return;
    run.server.query("ALTER SYSTEM SET synchronous_standby_names = " +
                     name::quote_literal(run.facts.synchronous_standby_names));
    run.server.query("SELECT pg_reload_conf()");
}

// pg_promote's own wait is not believed: it gives up although the promotion goes on.
void promote(world::World& world, Run& run) {
    run.requested = true;
    run.server.query("SELECT pg_promote(false)");
    Patience patience(world.processes, run.patience);
    std::string sign;
    while (still_in_recovery(run.server, sign)) {
        patience.watch(sign);
        if (patience.over())
            throw core::Error(core::sqlstate::query_canceled, "the server is still in recovery",
                              fmt::format("It has replayed up to {}.", sign),
                              "The promotion goes on by itself; run the same command again to wait for it.");
        world.reporter.progress({"replaying what was received", 0, 0});
        patience.wait();
    }
    world.reporter.end_progress();
}

void settle(world::World& world, Run& run) {
    run.server.answer_within(std::chrono::seconds(3600));  // a checkpoint of much memory takes its time
    run.server.query("CHECKPOINT");
    run.timeline = settle_timeline(world, run.server, run.patience);
    world.reporter.fact(fmt::format("its control file is on timeline {}", run.timeline));
}

plan::Plan make_plan(const SharedRun& run) {
    plan::Plan plan;
    if (!run->facts.synchronous_standby_names.empty())
        // before the promotion: the very first commit would wait for standbys that follow another server
        plan.push_back({"Clear synchronous_standby_names, for which every commit would wait",
                        [run](world::World& world) { clear_names(world, *run); },
                        [run](world::World&) { restore_names(*run); },
                        [] { return std::string("synchronous_standby_names is still cleared."); }});
    if (!run->others.empty())
        plan.push_back({fmt::format("Create the replication slots of the other standbys: {}", fmt::join(run->others, ", ")),
                        [run](world::World& world) { make_slots(world, *run); },
                        [run](world::World& world) { if (!run->requested) drop_slots(world, *run); },
                        [] { return std::string("Slots of other standbys are on the server, see pg_replica slots."); }});
    plan.push_back({"Promote the standby and wait until it accepts writes",
                    [run](world::World& world) { promote(world, *run); },
                    [run](world::World&) { if (run->requested) cannot_go_back(); },
                    [] { return std::string("The server is being promoted, or is a primary already."); }});
    plan.push_back({"Write a checkpoint, so that its control file shows the new timeline",
                    [run](world::World& world) { settle(world, *run); }, {}, {}});
    return plan;
}

unsigned settle_timeline(world::World& world, world::Session& server, std::chrono::seconds limit) {
    Patience patience(world.processes, limit);
    for (;;) {
        const world::Rows rows = server.query(
            "SELECT (SELECT timeline_id FROM pg_control_checkpoint()) AS control, "
            "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer AS written");
        const std::string control = text(rows, "control");
        if (control == text(rows, "written")) return static_cast<unsigned>(std::strtoul(control.c_str(), nullptr, 10));
        if (patience.over())
            throw core::Error(core::sqlstate::query_canceled, "the control file is not on the new timeline yet",
                              fmt::format("It says {}, and timeline {} is written.", control, text(rows, "written")),
                              "Run CHECKPOINT on the new primary, then the same command again.");
        patience.wait();
    }
}

}  // namespace promotion
