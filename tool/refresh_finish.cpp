// The steps of refresh that make the directory a standby's, and a cluster again.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"
#include "tool/config_text.hpp"
#include "tool/refresh_run.hpp"
#include "tool/server.hpp"

namespace refreshing {

namespace {

bool was_fetched(const Run& run, const std::string& name) {
    const auto& fetched = run.marker.fetched;
    return std::find(fetched.begin(), fetched.end(), name) != fetched.end();
}

// port and name are the node's own unless the copy brought the primary's.
std::vector<conf::Setting> own_settings(const Run& run) {
    const cloning::Options& options = run.base->options;
    std::vector<conf::Setting> own{{"primary_conninfo", standby_config::primary_conninfo(run.base->upstream)},
                                   {"primary_slot_name", options.slot},
                                   {"recovery_target_timeline", "latest"},
                                   {"hot_standby", "on"}};
    if (run.former.port != std::to_string(options.port)) own.push_back({"port", std::to_string(options.port)});
    if (was_fetched(run, "postgresql.auto.conf")) own.push_back({"cluster_name", run.base->application_name});
    return own;
}

std::string read_if_there(world::World& world, const std::string& path) {
    return world.files.kind(path) == world::Kind::file ? world.files.read(path) : "";
}

void write_auto_conf(world::World& world, Run& run, const std::vector<conf::Setting>& own) {
    const std::string path = run.path("postgresql.auto.conf");
    const std::string inherited = read_if_there(world, path);
    const auto result = was_fetched(run, "postgresql.auto.conf") ? standby_config::auto_conf(inherited, own)
                                                                 : standby_config::kept_conf(inherited, own);
    for (const std::string& note : result.notes) world.reporter.fact(note);
    world.files.write(path, result.text, run.file_mode());
}

// The node's own value; the default is the primary's, which is of the same major version.
std::string own_limit(world::World& world, Run& run, const std::optional<config_text::Settings>& text, const std::string& name) {
    const auto& defaults = run.base->primary.default_limits;
    const auto otherwise = defaults.find(name);
    std::string known;
    if (text) known = text->value(name).value_or(otherwise == defaults.end() ? "" : otherwise->second);
    return config_text::is_plain_number(known) ? known : server::effective_setting(world, run.base->launch(), name);
}

// A standby with less than its primary has does not start: the node's own values are raised where they are.
std::vector<conf::Setting> raised_limits(world::World& world, Run& run) {
    std::vector<conf::Setting> raised;
    const auto text = config_text::Settings::read(world.files, run.base->launch());
    for (const auto& [name, wanted] : run.base->primary.limits) {
        const std::string own = own_limit(world, run, text, name);
        if (std::atoi(own.c_str()) >= std::atoi(wanted.c_str())) continue;
        world.reporter.fact(fmt::format("{} is {} as on the primary; here it was {}", name, wanted, own));
        raised.push_back({name, wanted});
    }
    return raised;
}

}  // namespace

void sync_everything(world::World& world, Run& run) {
    world.files.sync_file_system(run.directory());
    if (!world.files.link_target(run.path("pg_wal")).empty()) world.files.sync_file_system(run.path("pg_wal"));
    for (const Item& item : run.list.items)
        if (item.kind == Listed::tablespace) world.files.sync_file_system(run.path(item.path));
}

// tablespace_map would lead replay to the primary's places: the links are there already.
void configure(world::World& world, Run& run) {
    world.files.write(run.path("backup_label"), run.backup_label, run.file_mode());
    world.files.write(run.path("standby.signal"), "", run.file_mode());
    auto own = own_settings(run);
    write_auto_conf(world, run, own);
    const auto raised = raised_limits(world, run);
    own.insert(own.end(), raised.begin(), raised.end());
    if (!raised.empty()) write_auto_conf(world, run, own);
}

// Everything on disk first: pg_control is what makes a cluster of it.
void go_live(world::World& world, Run& run) {
    sync_everything(world, run);
    world.files.write(run.path(new_control_name), run.pg_control, run.file_mode());
    world.files.rename(run.path(new_control_name), run.path("global/pg_control"));
    run.live = true;
    world.files.sync_directory(run.path("global"));
    run.marker.live = true;
    run.base->marker.slot_created = false;  // from here on it is the standby's
    run.base->save_marker(world);
    world.files.remove(run.path("postmaster.pid"));
    world.files.sync_directory(run.directory());
}

}  // namespace refreshing
