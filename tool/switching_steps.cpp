// The steps of a switchover that hand the role over. Those of the servers that stay standbys are in switching_others.cpp.
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "core/name.hpp"
#include "tool/control_file.hpp"
#include "tool/patience.hpp"
#include "tool/switching_run.hpp"

namespace switching {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The old primary is stopped then: what has not come within that time does not come.
constexpr seconds longest_silence{10};

std::string signal_path(const Run& run) { return run.directory() + "/standby.signal"; }
unsigned signal_mode(Run& run) { return run.standby().primary.group_access ? 0640 : 0600; }

struct Reached {
    std::uint64_t received = 0, replayed = 0;
};

Reached reached(world::Session& standby) {
    const world::Rows rows = standby.query("SELECT pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed");
    const auto position = [&rows](const char* column) { return lsn::parse(rows.at(0, column).value_or("")).value_or(0); };
    return {position("received"), position("replayed")};
}

void wait_for_replay(world::World& world, Run& run, std::uint64_t goal) {
    Patience patience(world.processes, run.standby().patience());
    for (;;) {
        const Reached now = reached(run.standby().link.session());
        if (now.replayed >= goal) return;
        patience.watch(lsn::format(now.replayed));
        if (patience.over())
            throw core::Error(core::sqlstate::query_canceled, "the standby does not catch up",
                              fmt::format("It has replayed up to {}, and {} is needed.", lsn::format(now.replayed), lsn::format(goal)),
                              "pg_replica status shows why; then run the same command again.");
        patience.wait();
    }
}

core::Error never_arrived(const Run& run, const Reached& now) {
    return {core::sqlstate::object_not_in_prerequisite_state, "the standby did not get the end of the primary's WAL",
            fmt::format("It has received up to {} and replayed up to {}; the shutdown checkpoint is at {}.",
                        lsn::format(now.received), lsn::format(now.replayed), lsn::format(run.marker.end)),
            "Look at the standby's log for why its connection broke, then run the same command again."};
}

// Recorded in memory only once it is on disk: what is undone follows from it.
void note(world::World& world, Run& run, const Marker& marker) {
    write_marker(world.files, run.directory(), marker);
    run.marker = marker;
}

// A new connection: the old one may be what failed.
bool other_is_standby(world::World& world, Run& run) {
    world::Session& known = run.standby().link.session();
    conninfo::Parameters parameters = known.parameters();
    parameters.set("password", known.password());
    const auto session = world.database.connect(parameters, "the standby", world::Prompt::never);
    return session->query("SELECT pg_is_in_recovery()").rows.at(0).at(0) == "t";
}

}  // namespace

void wait_for_role(world::World& world, Run& run) {
    wait_for_replay(world, run, lsn::parse(run.primary->value("SELECT pg_current_wal_flush_lsn()").value_or("")).value_or(0));
}

// On a standby there is the server's own function only.
void create_slot(world::World& world, Run& run) {
    tool::Link& link = run.standby().link;
    const std::string& slot = run.standby().options.slot;
    if (!link.query("SELECT FROM pg_replication_slots WHERE slot_name = $1", {slot}).rows.empty())
        return world.reporter.fact("it is there already");
    run.marker.slot_created = true;
    link.query("SELECT pg_create_physical_replication_slot($1, true)", {slot});
}

void drop_slot(world::World& world, Run& run) {
    if (!run.marker.slot_created) return;
    preparation::drop_when_free(world, run.standby().link,
                                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
                                run.standby().options.slot);
    run.marker.slot_created = false;
}

// What a checkpoint writes now, the one at the shutdown need not write while nobody can write.
void catch_up(world::World& world, Run& run) {
    run.primary->session().answer_within(seconds(3600));
    run.primary->query("CHECKPOINT");
    wait_for_replay(world, run, lsn::parse(run.primary->value("SELECT pg_current_wal_flush_lsn()").value_or("")).value_or(0));
}

void fence(world::World& world, Run& run) {
    run.fenced = true;
    note(world, run, run.marker);
    world.files.write(signal_path(run), "", signal_mode(run));
}

void unfence(world::World& world, Run& run) {
    if (!run.fenced) return;
    world.files.remove(signal_path(run));
    remove_marker(world.files, run.directory());
}

// A fast shutdown ends the sessions, writes the checkpoint, and waits until each connected standby has got it. A service may have
// started the server again by now, as a standby: its control file has that checkpoint still, as no later one can come from
// anywhere. (After a crash it has another one: catch_up came before the fence, and wrote one that is of no shutdown.)
void stop(world::World& world, Run& run) {
    run.stopping = true;
    run.stopped_at = std::chrono::steady_clock::now();
    server::stop(world, run.directory());
    if (run.marker.end != 0) return;
    const auto control = control_file::read(world, run.standby().bin_dir, run.directory());
    const bool ended = control && (control->state == "shut down" || control->was_standby());
    if (!ended || !control->last_is_of_a_shutdown())
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "the primary did not end cleanly",
                          fmt::format("Its state is \"{}\": the end of its WAL is not known.", control ? control->state : "unknown"),
                          "Run the same command again.");
    Marker marker = run.marker;
    marker.end = control->checkpoint;
    note(world, run, marker);
    world.reporter.fact(fmt::format("its last record is the checkpoint at {}", lsn::format(marker.end)));
}

void take_back(world::World& world, Run& run) {
    if (!other_is_standby(world, run))
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "the other server is no standby any more");
    // before the stop: a service may be the first to start it again
    world.files.remove(signal_path(run));
    try {
        server::stop(world, run.directory());
        server::start(world, run.standby().launch(), run.standby().patience());
    } catch (...) {
        world.files.write(signal_path(run), "", signal_mode(run));
        throw;  // the same command comes here again
    }
    remove_marker(world.files, run.directory());
    world.reporter.warning(fmt::format("the server in \"{}\" was started again as the primary", run.directory()));
}

void start_again(world::World& world, Run& run) {
    if (!run.stopping || run.marker.promoting) return;
    run.stays = true;
    take_back(world, run);
    run.stays = false;
}

// The record itself has to be replayed: the position is where it begins.
void wait_for_end(world::World& world, Run& run) {
    Patience arrival(world.processes, longest_silence), replay(world.processes, run.standby().patience());
    for (;;) {
        const Reached now = reached(run.standby().link.session());
        if (now.replayed > run.marker.end) break;
        const bool arrived = now.received > run.marker.end;
        arrival.watch(lsn::format(now.received));
        replay.watch(lsn::format(now.replayed));
        if (arrived ? replay.over() : arrival.over()) throw never_arrived(run, now);
        (arrived ? replay : arrival).wait();
    }
}

void promote(world::World& world, Run& run) {
    Marker marker = run.marker;
    marker.promoting = true;
    note(world, run, marker);
    promotion::Run promotion(run.standby().link.session(), run.facts.standby);
    promotion.patience = run.standby().patience();
    // the promotion that an interrupted run has asked for may have come to its end by now
    if (promotion::gather(promotion.server).in_recovery) promotion::promote(world, promotion);
    if (run.stopped_at == std::chrono::steady_clock::time_point{}) return;
    run.without_writes = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - run.stopped_at);
    if (!run.begun) world.reporter.fact(fmt::format("no server took writes for {} ms", run.without_writes.count()));
}

}  // namespace switching
