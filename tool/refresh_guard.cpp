// The steps of refresh that take the directory, and what gives it back while nothing has been changed.
#include <fmt/format.h>

#include <array>

#include "core/error.hpp"
#include "tool/preparation.hpp"
#include "tool/refresh_run.hpp"
#include "tool/rejoin_area.hpp"

namespace refreshing {

namespace {

constexpr std::array<const char*, 4> configuration = {"postgresql.conf", "pg_hba.conf", "pg_ident.conf", "postgresql.auto.conf"};

std::string lock_path(const Run& run) { return run.path("postmaster.pid"); }
std::string control_path(const Run& run) { return run.path("global/pg_control"); }

[[noreturn]] void throw_in_use(const Run& run, const std::string& why) {
    throw core::Error(core::sqlstate::object_in_use, fmt::format("\"{}\" is in use", run.directory()), why,
                      "Wait until it has ended, or stop the server with pg_ctl.");
}

// The server's own lock file: a server that is started now finds it, and a process that lives, and ends.
void take_server_lock(world::World& world, Run& run) {
    const std::string text = fmt::format("{}\n{}\n", world.processes.own_pid(), run.directory());
    if (world.files.create(lock_path(run), text, 0600)) return;
    const Former now = look(world, run.base->options);
    if (!now.server.empty()) throw_in_use(run, now.server + ".");
    world.files.remove(lock_path(run));  // of a server that was killed
    if (!world.files.create(lock_path(run), text, 0600)) throw_in_use(run, "A server was started meanwhile.");
}

void save(world::World& world, Run& run) {
    run.marker.slot = run.base->options.slot;
    run.marker.slot_created = run.base->marker.slot_created;
    write_marker(world.files, run.directory(), run.marker);
}

// The copy that an interrupted clone left in its staging folder is as good a beginning as any other.
void adopt_clone(world::World& world, Run& run) {
    const std::string partial = target::partial_path(run.directory());
    if (run.former.clone.state != target::State::unfinished || world.files.kind(partial) != world::Kind::directory) return;
    // without it no server starts, wherever the rest lies
    world.files.remove(partial + "/global/pg_control");
    for (const std::string& name : world.files.list(partial)) {
        world.files.remove_tree(run.path(name));
        world.files.rename(partial + "/" + name, run.path(name));
    }
    world.files.remove(partial);
    world.reporter.fact("what the unfinished clone has copied is taken over");
}

// What an interrupted rejoin has moved away comes back, as rejoin itself would do it, but without what makes a cluster of it.
void adopt_rejoin(world::World& world, Run& run) {
    const std::string partial = rejoin_area::partial_path(run.directory());
    if (!run.former.of_rejoin || world.files.kind(partial) != world::Kind::directory) return;
    world.files.remove(partial + "/global/pg_control");
    rejoin_area::move_out(world.files, run.directory());
    world.reporter.fact("what the unfinished rejoin has moved away is in its place again");
}

void end_clone_mark(world::World& world, Run& run) {
    if (run.former.clone.state == target::State::unfinished) world.files.remove(target::marker_path(run.directory()));
}

// Configuration that is not there comes from the primary, this time and when an interrupted run goes on.
void decide_configuration(world::World& world, Run& run) {
    const bool adopted = run.former.clone.state == target::State::unfinished && !run.former.clone.marker.placed;
    std::vector<std::string> kept = run.former.named;
    for (const char* name : configuration) {
        auto& fetched = run.marker.fetched;
        const bool known = std::find(fetched.begin(), fetched.end(), name) != fetched.end();
        const bool missing = adopted || world.files.kind(run.path(name)) == world::Kind::missing;
        if (!known && missing) fetched.emplace_back(name);
        if (!known && !missing) kept.emplace_back(name);
    }
    if (const std::string log = below(run.directory(), run.base->options.log); !log.empty()) kept.push_back(log);
    run.kept = Kept(std::move(kept));
}

// Whatever becomes of the refresh, a former primary does not come back as a second one.
void fence(world::World& world, const Run& run) {
    if (!run.of_rejoin || world.files.kind(run.path("standby.signal")) == world::Kind::file) return;
    world.files.write(run.path("standby.signal"), "", run.file_mode());
    world.files.sync_directory(run.directory());
}

void tell_fence(world::World& world, const Run& run) {
    if (!run.of_rejoin) return;
    world.reporter.warning(fmt::format("{} stays: without it, this server would come back as a second primary", run.path("standby.signal")));
}

void put_control_back(world::World& world, Run& run) {
    if (!run.parked) return;
    world.files.rename(run.path(parked_name), control_path(run));
    world.files.sync_directory(run.path("global"));
    run.parked = false;
}

}  // namespace

void guard(world::World& world, Run& run) {
    if (!world.files.lock_directory(run.directory())) throw_in_use(run, "Another pg_replica works on it.");
    take_server_lock(world, run);
    fence(world, run);
    run.guarded = true;
    run.resumed = run.former.marker.has_value();
    if (run.resumed) run.marker = *run.former.marker;
    run.marker.system_identifier = run.base->primary.system_identifier;
    run.marker.live = false;
    const bool of_clone = run.former.clone.state == target::State::unfinished;
    run.base->marker.slot_created = run.marker.slot_created || (of_clone && run.former.clone.marker.slot_created);
    run.base->save_marker = [&run](world::World& now) { save(now, run); };
    decide_configuration(world, run);
    save(world, run);
}

void release(world::World& world, Run& run) {
    if (!run.guarded) return;
    if (run.live) throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "it is complete and not yet proven");
    if (run.touched) {
        world.files.remove(lock_path(run));
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "some files are the primary's already, others the old ones");
    }
    put_control_back(world, run);
    tell_fence(world, run);
    if (!run.resumed) world.files.remove(marker_path(run.directory()));
    world.files.remove(lock_path(run));
    world.files.sync_directory(run.directory());
}

// A slot that this standby has used is used again, as long as it holds its WAL for sure.
void reserve_slot(world::World& world, Run& run) {
    cloning::Run& base = *run.base;
    const cloning::SlotFacts& slot = base.primary.slot;
    const bool holds = slot.wal_status == "reserved" || slot.wal_status == "extended";
    if (slot.exists && holds && !base.marker.slot_created) return world.reporter.fact("it is there and holds its WAL");
    if (slot.exists && !holds && slot.wal_status != "lost")
        preparation::drop_when_free(world, base.link, "SELECT changed FROM replica.drop_slot($1)", base.options.slot);
    cloning::create_slot(world, base);
}

void give_slot_back(world::World& world, Run& run) {
    if (!run.live) cloning::drop_slot(world, *run.base);
}

void park_control(world::World& world, Run& run) {
    adopt_clone(world, run);
    adopt_rejoin(world, run);
    run.touched = run.former.clone.state == target::State::unfinished;
    if (world.files.kind(control_path(run)) == world::Kind::missing) {
        run.touched = true;  // by an earlier run, or it never was a cluster
    } else {
        world.files.rename(control_path(run), run.path(parked_name));
        run.parked = true;
        world.files.sync_directory(run.path("global"));
        world.files.sync_directory(run.directory());
    }
    end_clone_mark(world, run);
}

void unmark(world::World& world, Run& run) {
    world.files.remove(run.path(parked_name));
    rejoin_area::forget(world.files, run.directory());
    world.files.remove(marker_path(run.directory()));
    world.files.sync_directory(run.directory());
}

}  // namespace refreshing
