// The steps of clone that make a copy a running, proven standby.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "tool/clone_run.hpp"
#include "tool/local_server.hpp"
#include "tool/render/progress.hpp"
#include "tool/silence.hpp"
#include "tool/switching_marker.hpp"

namespace cloning {

namespace {

unsigned file_mode(const Run& run) { return run.primary.group_access ? 0640 : 0600; }

std::vector<conf::Setting> own_settings(const Run& run) {
    std::vector<conf::Setting> own{{"port", std::to_string(run.options.port)},
                                   {"primary_conninfo", standby_config::primary_conninfo(run.upstream)},
                                   {"primary_slot_name", run.options.slot},
                                   {"recovery_target_timeline", "latest"},
                                   {"hot_standby", "on"},
                                   {"cluster_name", run.application_name}};
    if (!run.primary.synchronous_standby_names.empty()) own.push_back({"synchronous_standby_names", ""});
    // what only the primary's command line says would be missing here, and the standby would not start
    for (const std::string& name : run.primary.command_line_limits) own.push_back({name, run.primary.limits.at(name)});
    return own;
}

bool lies_in(const std::string& file, const std::string& directory) { return file.rfind(directory + "/", 0) == 0; }

// The settings of the primary's configuration files, includes and all, as the server read them; ALTER SYSTEM's travel
// in postgresql.auto.conf.
std::vector<conf::Setting> primary_settings(Run& run) {
    const world::Rows rows = run.link.query(
        "SELECT name, setting FROM pg_file_settings WHERE sourcefile <> $1 AND (error IS NULL OR applied IS FALSE) "
        "AND setting IS NOT NULL ORDER BY seqno",
        {run.primary.data_directory + "/postgresql.auto.conf"});
    std::vector<conf::Setting> settings;
    for (const auto& row : rows.rows) settings.push_back({row.at(0).value_or(""), row.at(1).value_or("")});
    return settings;
}

// What belongs to the server that was copied and would do harm here: its signal files, and its own passfile, mark and
// log when it was itself made by pg_replica.
void remove_strangers(world::World& world, const std::string& partial) {
    for (const char* name : {target::passfile_name, target::marker_name, target::partial_name, switching::marker_name, "server.log",
                             "recovery.signal", "recovery.done", "recovery.conf"}) {
        const std::string path = partial + "/" + name;
        if (world.files.kind(path) != world::Kind::missing) world.files.remove_tree(path);
    }
}

std::string fetch(Run& run, const std::string& file) {
    return run.link.value("SELECT pg_read_file($1)", {file}).value_or("");
}

// Where a configuration file is written now, and where the server will find it.
struct Place {
    std::string now, later;
};

Place place_of(const Run& run, const std::string& name) {
    if (!run.options.config_dir.empty()) return {run.options.config_dir + "/" + name, run.options.config_dir + "/" + name};
    return {target::partial_path(run.options.directory) + "/" + name, run.options.directory + "/" + name};
}

void write_config(world::World& world, Run& run, const Place& place, const std::string& text) {
    if (!run.options.config_dir.empty()) {
        if (world.files.kind(place.now) != world::Kind::missing) return;  // the user's own file
        run.files_in_config_dir.push_back(place.now);
    }
    world.files.write(place.now, text, file_mode(run));
    world.reporter.fact(fmt::format("{} was fetched through the server", place.later));
}

void make_cluster(world::World& world, Run& run) {
    const std::string &directory = run.options.config_dir, file = directory + "/" + debian::start_conf_name;
    if (world.files.kind(directory) == world::Kind::missing) {
        world.files.make_directory(directory, 0755);
        run.made_config_dir = true;
    }
    if (world.files.kind(file) != world::Kind::missing) return;
    run.files_in_config_dir.push_back(file);
    world.files.write(file, debian::start_conf, 0644);
}

// Configuration outside of the data directory does not come with the copy: it is fetched through the server.
void fetch_outside_files(world::World& world, Run& run) {
    const PrimaryFacts& primary = run.primary;
    const Place conf = place_of(run, "postgresql.conf"), hba = place_of(run, "pg_hba.conf"),
                ident = place_of(run, "pg_ident.conf");
    const bool elsewhere = !run.options.config_dir.empty();
    if (elsewhere && world.files.kind(conf.now) == world::Kind::file) {
        world.reporter.fact(fmt::format("{} is used as it is", conf.now));
        return;
    }
    const bool main_is_missing = elsewhere || !lies_in(primary.config_file, primary.data_directory);
    if (main_is_missing)
        write_config(world, run, conf,
                     standby_config::main_conf(primary_settings(run), run.options.directory, hba.later, ident.later));
    if (elsewhere || !lies_in(primary.hba_file, primary.data_directory)) write_config(world, run, hba, fetch(run, primary.hba_file));
    if (elsewhere || !lies_in(primary.ident_file, primary.data_directory))
        write_config(world, run, ident, fetch(run, primary.ident_file));
}

void expect(const std::string& name, const std::string& found, const std::string& wanted) {
    if (found == wanted) return;
    throw core::Error(core::sqlstate::config_file_error, fmt::format("{} of the standby would not be what it must be", name),
                      fmt::format("The server reads \"{}\", and it must be \"{}\".", found, wanted),
                      fmt::format("Look for a line or an include that sets {} in the standby's configuration.", name));
}

conninfo::Parameters standby_login(const Run& run) {
    conninfo::Parameters parameters;
    const conninfo::Parameters admin = run.link.session().parameters();
    parameters.set("user", admin.get("user"));
    parameters.set("dbname", admin.get("dbname"));
    parameters.set("password", run.link.session().password());
    parameters.set("application_name", "pg_replica clone " + run.application_name.substr(0, 40));
    return parameters;
}

// Without it the server would start as a second primary; only a promotion or a stranger's hand takes it away.
void check_signal_is_there(world::World& world, const Run& run) {
    if (world.files.kind(run.options.directory + "/standby.signal") == world::Kind::file) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("standby.signal is missing in \"{}\"", run.options.directory),
                      "Started like this, the server would be a second primary.", "Run the same command again.");
}

}  // namespace

void check_wal_is_there(Run& run) {
    const auto rows =
        run.link.query_again("SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", {run.options.slot}).rows;
    if (!rows.empty() && rows[0].at(0) && rows[0].at(0) != "lost") return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("the slot \"{}\" has lost WAL that the standby needs", run.options.slot),
                      "More WAL was written during the copy than max_slot_wal_keep_size of the primary lets a slot keep, or "
                      "the slot was dropped.",
                      "Raise it with SELECT * FROM replica.set_settings(max_slot_wal_keep_size => '...') and run the same command again.");
}

server::Launch Run::launch() const {
    return {bin_dir, options.directory, options.config_dir.empty() ? "" : options.config_dir + "/postgresql.conf", options.log};
}

std::unique_ptr<world::Session> connect_standby(world::World& world, Run& run, const server::Running& running) {
    return local_server::connect(world, running, standby_login(run), "the standby", world::Prompt::never);
}

bool is_there_already(world::World& world, Run& run) {
    if (run.host.target.state != target::State::occupied || !run.host.server_running) return false;
    const auto running = server::running(world, run.options.directory);
    if (!running) return false;
    try {
        run.standby = connect_standby(world, run, *running);
        // by what it follows over, not by a receiver: that may be away for a moment, and is waited for
        const auto follows = run.standby->query(
            "SELECT 1 WHERE current_setting('primary_slot_name') = $1 AND pg_is_in_recovery() AND "
            "(SELECT system_identifier::text FROM pg_control_system()) = $2",
            {run.options.slot, run.primary.system_identifier});
        return !follows.rows.empty();
    } catch (const core::Error&) {
        return false;
    }
}

void configure(world::World& world, Run& run) {
    const std::string partial = target::partial_path(run.options.directory);
    remove_strangers(world, partial);
    // a start without the configuration that was asked for must fail, not run on the primary's copy
    const std::string copied = partial + "/postgresql.conf";
    if (!run.options.config_dir.empty() && world.files.kind(copied) == world::Kind::file) world.files.remove(copied);
    const std::string file = partial + "/postgresql.auto.conf";
    const std::string inherited = world.files.kind(file) == world::Kind::file ? world.files.read(file) : "";
    const auto result = standby_config::auto_conf(inherited, own_settings(run));
    for (const std::string& note : result.notes) world.reporter.fact(note);
    world.files.write(file, result.text, file_mode(run));
    if (run.options.cluster) make_cluster(world, run);
    fetch_outside_files(world, run);
}

void remove_configuration(world::World& world, Run& run) {
    for (const std::string& file : run.files_in_config_dir) world.files.remove(file);
    if (run.made_config_dir && world.files.list(run.options.config_dir).empty()) world.files.remove(run.options.config_dir);
}

void put_in_place(world::World& world, Run& run) {
    target::place(world.files, run.options.directory);
    run.marker.placed = true;
    target::write_marker(world.files, run.options.directory, run.marker);
}

void check_configuration(world::World& world, Run& run) {
    const auto found = server::effective_settings(world, run.launch(), {"data_directory", "port", "primary_conninfo"});
    expect("data_directory", found[0], run.options.directory);
    expect("port", found[1], std::to_string(run.options.port));
    // a run that goes on with the copy of another one has not logged in itself
    if (run.upstream.login.pairs().empty()) return;
    expect("primary_conninfo", found[2], standby_config::primary_conninfo(run.upstream));
}

void start(world::World& world, Run& run) {
    check_wal_is_there(run);
    check_signal_is_there(world, run);
    auto running = server::running(world, run.options.directory);
    if (running) {
        world.reporter.fact("it runs already");
        running = server::wait_until_ready(world, run.launch(), run.patience(), *running);
    } else {
        run.started = true;
        // until it is consistent, it needs WAL that only the primary has
        tool::Silence silence(run.link);
        running = server::start(world, run.launch(), run.patience(), [&silence] { silence.look(); });
        world.reporter.end_progress();
    }
    run.standby = connect_standby(world, run, *running);
    proof::same_cluster(run.pair(), run.options.from_standby ? proof::Upstream::standby_too : proof::Upstream::primary);
}

void stop(world::World& world, Run& run) {
    run.standby.reset();
    if (run.started) server::stop(world, run.options.directory);
}

void see_streaming(world::World& world, Run& run) {
    run.streaming = proof::streaming(world, run.pair(), run.patience());
    world.reporter.end_progress();
    world.reporter.fact(fmt::format("the {} sends to \"{}\" over slot \"{}\", and replay has passed {}",
                                    run.above ? "source" : "primary", run.application_name, run.options.slot, run.streaming.primary_lsn));
}

void see_marker(world::World& world, Run& run) {
    run.marker_time = proof::marker(world, run.marker_pair(), run.patience()).elapsed;
    world.reporter.fact(fmt::format("read after {} ms", run.marker_time.count()));
}

void finish(world::World& world, Run& run) {
    world.files.remove(target::marker_path(run.options.directory));
    world.files.sync_directory(run.options.directory);
}

}  // namespace cloning
