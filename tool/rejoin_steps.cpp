#include <fmt/format.h>

#include <csignal>

#include "core/conf.hpp"
#include "core/name.hpp"
#include "tool/failure.hpp"
#include "tool/promotion.hpp"
#include "tool/rejoin_run.hpp"
#include "tool/switching_marker.hpp"

namespace rejoin {

namespace {

using rejoin_area::Stage;

std::string signal_path(const Run& run) { return run.directory() + "/standby.signal"; }
std::string auto_conf_path(const Run& run) { return run.directory() + "/postgresql.auto.conf"; }

unsigned file_mode(const Run& run) { return run.standby->primary.group_access ? 0640 : 0600; }

void lock(world::World& world, const std::string& directory) {
    if (world.files.lock_directory(directory)) return;
    throw core::Error(core::sqlstate::object_in_use, fmt::format("another pg_replica works on \"{}\"", directory), {},
                      "Wait until it has ended.");
}

std::vector<std::string> names_of(const std::vector<conf::Setting>& settings) {
    std::vector<std::string> names;
    for (const conf::Setting& setting : settings) names.push_back(setting.name);
    return names;
}

std::vector<conf::Setting> own_settings(const Run& run) {
    std::vector<conf::Setting> own{{"primary_conninfo", standby_config::primary_conninfo(run.standby->upstream)},
                                   {"primary_slot_name", run.standby->options.slot},
                                   {"recovery_target_timeline", "latest"},
                                   {"hot_standby", "on"}};
    for (const char* name : {"recovery_target", "recovery_target_name", "recovery_target_time", "recovery_target_xid",
                             "recovery_target_lsn"})
        own.push_back({name, ""});
    return own;
}

}  // namespace

void check_stopped(world::World& world, const std::string& directory) {
    if (!server::running(world, directory)) return;
    throw core::Error(core::sqlstate::object_in_use, fmt::format("a server was started in \"{}\"", directory), {},
                      fmt::format("Stop it with pg_ctl -D {} -m fast stop, and the service that has started it.", name::quote_shell(directory)));
}

void fence(world::World& world, Run& run) {
    lock(world, run.directory());
    check_stopped(world, run.directory());
    world.files.write(signal_path(run), "", file_mode(run));
}

void leave_fenced(world::World& world, Run& run) {
    if (world.files.kind(signal_path(run)) != world::Kind::file) return;
    world.reporter.warning(fmt::format("{} stays: without it, this server would come back as a second primary",
                                       signal_path(run)));
}

void write_checkpoint(world::World& world, Run& run) {
    world::Session& primary = run.standby->link.session();
    primary.answer_within(std::chrono::seconds(3600));
    primary.query("CHECKPOINT");
    const unsigned timeline = promotion::settle_timeline(world, primary, run.standby->patience());
    world.reporter.fact(fmt::format("it is on timeline {}", timeline));
}

void configure(world::World& world, Run& run) {
    const std::string path = auto_conf_path(run);
    run.auto_conf_before = world.files.kind(path) == world::Kind::file ? world.files.read(path) : "";
    const std::vector<conf::Setting> settings = own_settings(run);
    std::string lines;
    for (const conf::Setting& setting : settings)
        if (!setting.value.empty()) lines += conf::line(setting);
    run.configured = true;
    world.files.write(path, conf::without(run.auto_conf_before, names_of(settings)) + lines, file_mode(run));
    world.reporter.fact("port, paths, pg_hba.conf and all other settings are its own, as before");
}

// A service may have started the server by now: as a standby, of whom it followed before, or of nobody.
void point(world::World& world, Run& run) {
    configure(world, run);
    if (const auto running = server::running(world, run.directory())) world.processes.signal(running->pid, SIGHUP);
}

// What ALTER SYSTEM has set meanwhile stays: before a switchover has come to the stop, the server runs as the primary.
void restore_configuration(world::World& world, Run& run) {
    if (!run.configured) return;
    const std::string path = auto_conf_path(run), now = world.files.kind(path) == world::Kind::file ? world.files.read(path) : "";
    world.files.write(path, conf::with_lines_of(run.auto_conf_before, now, names_of(own_settings(run))), file_mode(run));
}

// A slot that nobody uses keeps WAL on a standby just as on a primary.
void look_at_slots(world::World& world, Run& run) {
    for (const std::string& slot : run.dropped_slots) {
        run.standby->standby->query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
                                    {slot});
        world.reporter.fact(fmt::format("\"{}\" is dropped", slot));
    }
    const world::Rows rows = run.standby->standby->query(
        "SELECT slot_name FROM pg_replication_slots WHERE NOT active AND NOT temporary ORDER BY slot_name");
    for (const auto& row : rows.rows)
        world.reporter.warning(fmt::format("the slot \"{0}\" is still here and keeps WAL; if nobody will use it, run on this "
                                           "server: SELECT pg_drop_replication_slot({1});", row.at(0).value_or(""),
                                           name::quote_literal(row.at(0).value_or(""))));
}

void finish(world::World& world, Run& run) {
    rejoin_area::forget(world.files, run.directory());
    switching::remove_marker(world.files, run.directory());  // of a switchover that this rejoin has brought to its end
}

void repair(world::World& world, const std::string& directory) {
    const Stage stage = rejoin_area::look(world.files, directory);
    if (stage == Stage::none) return;
    if (stage == Stage::rewinding)
        throw refused(fmt::format("a rewind of \"{}\" broke off", directory),
                      "Its files are neither the old primary's nor the new one's; no server starts on them, and pg_rewind "
                      "cannot be repeated.",
                      "Run the same command without --way rewind: it fetches what differs, and the configuration files are its own "
                      "still.");
    lock(world, directory);
    check_stopped(world, directory);
    world.reporter.step("Bringing back what an interrupted rejoin has moved away");
    rejoin_area::move_out(world.files, directory);
    rejoin_area::forget(world.files, directory);
}

}  // namespace rejoin
