// The steps of rejoin around pg_rewind.
#include <fmt/format.h>

#include "core/error.hpp"
#include "tool/control_file.hpp"
#include "tool/rejoin_run.hpp"

namespace rejoin {

namespace {

using rejoin_area::Stage;

constexpr unsigned startable_mode = 0700;

std::string passfile_path(const Run& run) { return run.directory() + "/pg_replica.rewind_passfile"; }

// The administrator's password goes to pg_rewind in a file, never on its command line.
std::string source_server(world::World& world, Run& run) {
    conninfo::Parameters parameters = run.standby->link.session().parameters();
    const std::string password = run.standby->link.session().password();
    for (const char* keyword : {"service", "options", "replication", "target_session_attrs", "password"})
        parameters.set(keyword, "");
    parameters.set("application_name", "pg_replica rejoin");
    if (password.empty()) return conninfo::format(parameters);
    const auto line = [&](const std::string& host) {
        return conninfo::passfile_line(host, parameters.get("port"), "*", parameters.get("user"), password) + "\n";
    };
    world.files.write(passfile_path(run), line(parameters.get("host")) + line("localhost"), 0600);
    parameters.set("passfile", passfile_path(run));
    return conninfo::format(parameters);
}

world::Outcome run_rewind(world::World& world, Run& run, bool dry) {
    // the clean end was made by recover already, where it was needed: pg_rewind's own recovery would remove WAL
    std::vector<std::string> argv{run.standby->bin_dir + "/pg_rewind", "-D", run.partial(), "--no-ensure-shutdown",
                                  "--source-server=" + source_server(world, run)};
    if (dry) argv.push_back("--dry-run");
    const world::Outcome outcome =
        world.processes.run({argv, {}}, [&] { world.reporter.progress({dry ? "comparing" : "rewinding", 0, 0}); });
    world.reporter.end_progress();
    world.files.remove(passfile_path(run));
    return outcome;
}

std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

core::Error failed(const std::string& message, const world::Outcome& outcome) {
    return {core::sqlstate::object_not_in_prerequisite_state, message, trimmed(outcome.output),
            "Run the same command with --way refresh: it fetches what differs."};
}

// wal_keep_size: the checkpoint at the end of recovery would else remove the WAL that pg_rewind has to read.
world::Command recovery_command(const Run& run) {
    const std::string configured = run.standby->options.config_dir;
    const std::string folder = configured.empty() ? run.directory() : configured;
    return {{run.standby->bin_dir + "/postgres", "--single", "-F", "-D", run.partial(), "-c",
             "config_file=" + folder + "/postgresql.conf", "-c", "data_directory=" + run.partial(), "-c",
             "wal_keep_size=1000GB", "-c", "hot_standby=off", "-c", "external_pid_file=", "template1"},
            {},
            {}};
}

// The server would ask the new primary for WAL that is gone, again and again.
void check_replay_can_begin(world::World& world, Run& run) {
    const auto fork = former_primary::fork(run.source, run.local);
    rejoin_area::give_wal_back(world.files, run.directory(), former_primary::segment_of(fork->end, run.source.segment_size));
    const std::string label = run.partial() + "/backup_label";
    if (world.files.kind(label) != world::Kind::file) return;
    const std::string first = rejoin_area::first_segment(world.files.read(label));
    if (first.empty() || rejoin_area::has_segment(world.files, run.directory(), first)) return;
    if (former_primary::ask(run.standby->link).oldest_wal <= first) return;
    throw failed("the WAL that the rewound files begin their replay with is gone",
                 {0, fmt::format("pg_rewind has removed the segment {} here, and the new primary has none so old.", first)});
}

}  // namespace

void move_in(world::World& world, Run& run) {
    rejoin_area::note(world.files, run.directory(), Stage::moving);
    check_stopped(world, run.directory());  // from the mark on, the guard lets no service start it
    rejoin_area::move_in(world.files, run.directory());
}

void move_back(world::World& world, Run& run) {
    world.files.remove(passfile_path(run));
    switch (rejoin_area::look(world.files, run.directory())) {
        case Stage::none: return;
        case Stage::rewinding:
            throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "pg_rewind had begun to write");
        default: break;
    }
    rejoin_area::move_out(world.files, run.directory());
    rejoin_area::forget(world.files, run.directory());
}

void recover(world::World& world, Run& run) {
    world.files.set_mode(run.partial(), startable_mode);
    const world::Outcome outcome = world.processes.run(
        recovery_command(run), [&] { world.reporter.progress({"replaying what it wrote before it crashed", 0, 0}); });
    world.reporter.end_progress();
    world.files.set_mode(run.partial(), rejoin_area::unstartable_mode);
    const auto control = control_file::read(world, run.standby->bin_dir, run.partial());
    if (outcome.status == 0 && control && control->was_clean()) return;
    throw failed("the crashed server's files cannot be brought to a clean end", outcome);
}

void try_rewind(world::World& world, Run& run) {
    const world::Outcome outcome = run_rewind(world, run, true);
    if (outcome.status != 0) throw failed("pg_rewind cannot be used", outcome);
}

void rewind(world::World& world, Run& run) {
    rejoin_area::note(world.files, run.directory(), Stage::rewinding);
    world.processes.run({rejoin_area::keep_wal(world.files, run.directory()), {}});
    const world::Outcome outcome = run_rewind(world, run, false);
    if (outcome.status != 0) throw failed("pg_rewind failed", outcome);
    // its exit status is 0 as well when it has found nothing to do
    const auto control = control_file::read(world, run.standby->bin_dir, run.partial());
    if (!control || !control->was_standby() || control->minimum == 0)
        throw failed("pg_rewind has not made the files a standby's", outcome);
    check_replay_can_begin(world, run);
    rejoin_area::note(world.files, run.directory(), Stage::rewound);
    rejoin_area::move_out(world.files, run.directory());
}

}  // namespace rejoin
