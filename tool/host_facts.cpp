#include "tool/host_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "core/conf.hpp"
#include "core/error.hpp"
#include "tool/control_file.hpp"
#include "tool/icu.hpp"
#include "tool/programs.hpp"
#include "tool/server.hpp"

namespace cloning {

namespace {

namespace fs = std::filesystem;

std::string programs_folder(world::World& world, const Options& options, const PrimaryFacts& primary) {
    try {
        return programs::find(world, primary.major(), options.bin_dir);
    } catch (const core::Error&) {
        return {};  // said where the programs are needed
    }
}

std::map<std::string, std::string> icu_versions(world::Files& files, const std::string& bin_dir, const PrimaryFacts& primary) {
    std::map<std::string, std::string> versions;
    if (primary.ground.icu_locales.empty() || bin_dir.empty()) return versions;
    const std::string library = icu::library_of(files, bin_dir + "/postgres");
    for (const icu::Locale& locale : primary.ground.icu_locales) {
        const std::string version = icu::collator_version(library, locale.name);
        if (!version.empty()) versions[locale.name] = version;
    }
    return versions;
}

// What is known of an occupied target that is somebody's data directory: who would be lost with it.
std::string describe_former(world::World& world, const std::string& directory, const std::string& bin_dir) {
    if (world.files.kind(directory + "/PG_VERSION") != world::Kind::file) return {};
    const auto control = control_file::read(world, bin_dir, directory);
    if (!control) return "a PostgreSQL data directory";
    return fmt::format("a PostgreSQL data directory of cluster {} that ran as {} (its state: {})",
                       control->system_identifier, control->was_standby() ? "a standby" : "a primary", control->state);
}

// A data directory that follows over the very slot that is asked for. pg_control would not tell: until the first start it
// is the primary's.
bool is_this_standby(world::Files& files, const Options& options) {
    const std::string conf = options.directory + "/postgresql.auto.conf";
    if (files.kind(options.directory + "/standby.signal") != world::Kind::file) return false;
    if (files.kind(conf) != world::Kind::file) return false;
    std::string slot;
    for (const conf::Line& line : conf::parse(files.read(conf)))
        if (line.name == "primary_slot_name") slot = line.value;
    return slot == options.slot;
}

// The nearest directory above path that is a data directory; empty: none.
std::string enclosing_data_directory(world::Files& files, const std::string& path) {
    for (fs::path at = fs::path(path).parent_path(); at.has_relative_path(); at = at.parent_path())
        if (files.kind((at / "PG_VERSION").string()) == world::Kind::file) return at.string();
    return {};
}

// Of the primary's own directories outside its data directory (tablespaces, WAL), when it runs on this host.
std::string enclosing_part_of_primary(world::Files& files, const std::string& path,
                                      const PrimaryFacts& primary) {
    std::vector<std::string> parts;
    for (const Tablespace& tablespace : primary.tablespaces) parts.push_back(tablespace.location);
    if (!primary.data_directory.empty()) parts.push_back(primary.data_directory + "/pg_wal");
    for (const std::string& part : parts) {
        if (files.kind(part) != world::Kind::directory) continue;
        const std::string real = files.canonical(part);
        if (path.rfind(real + "/", 0) == 0) return real;
    }
    return {};
}

// The lock file of a server's socket holds its process id; one that cannot be read belongs to somebody else's
// server.
bool socket_taken(world::World& world, const std::string& directory, int port) {
    const std::string lock = fmt::format("{}/.s.PGSQL.{}.lock", directory, port);
    if (world.files.kind(lock) != world::Kind::file) return false;
    try {
        return world.processes.alive(std::atoi(world.files.read(lock).c_str()));
    } catch (const core::Error&) {
        return true;
    }
}

bool port_is_free(world::World& world, const Options& options, const PrimaryFacts& primary) {
    if (options.no_start) return true;
    std::istringstream directories(primary.socket_directories);
    for (std::string directory; std::getline(directories, directory, ',');) {
        directory.erase(0, directory.find_first_not_of(' '));
        if (!directory.empty() && socket_taken(world, directory, options.port)) return false;
    }
    return world.processes.port_free(options.port);
}

bool is_writable_directory(world::Files& files, const std::string& path) {
    return files.kind(path) == world::Kind::directory && files.writable(path);
}

// With a postgresql.conf of the user's own, ALTER SYSTEM's values and those that clone adds still stand
// behind it.
void read_own_limits(world::World& world, const Options& options, const PrimaryFacts& primary,
                     const std::string& bin_dir, HostFacts& host) {
    const std::string file = options.config_dir + "/postgresql.conf";
    if (options.config_dir.empty() || bin_dir.empty() || world.files.kind(file) != world::Kind::file) return;
    for (const auto& [name, value] : primary.limits) {
        const auto& kept = primary.travelling_limits;
        if (std::find(kept.begin(), kept.end(), name) != kept.end()) continue;
        try {
            host.own_limits[name] =
                server::effective_setting(world, {bin_dir, options.config_dir, file, options.log}, name);
        } catch (const core::Error& error) {
            host.config_problem = error.detail;
            return;
        }
    }
}

void look_at_target(world::World& world, const Options& options, HostFacts& host) {
    host.parent = fs::path(options.directory).parent_path().string();
    host.parent_writable = is_writable_directory(world.files, host.parent);
    const bool there = world.files.kind(options.directory) != world::Kind::missing;
    host.owned = !there || world.files.owned(options.directory);
    host.target = target::inspect(world.files, options.directory);
    const bool placed = host.target.state == target::State::unfinished && host.target.marker.placed;
    host.promoted = placed && world.files.kind(options.directory + "/standby.signal") == world::Kind::missing;
    host.server_running = host.owned && server::running(world, options.directory).has_value();
}

void look_outside(world::World& world, const Options& options, const PrimaryFacts& primary, HostFacts& host) {
    for (const std::string& path : outside_directories(options, primary)) {
        const bool missing = world.files.kind(path) == world::Kind::missing;
        if (missing && !is_writable_directory(world.files, fs::path(path).parent_path().string()))
            host.unmakeable_outside.push_back(path);
        if (!missing && !world.files.owned(path)) host.foreign_outside.push_back(path);
        if (target::holds_something(world.files, path) &&
            !target::is_claimed(world.files, host.target.marker, world.files.canonical(path)))
            host.occupied_outside.push_back(path);
    }
}

}  // namespace

std::vector<std::string> outside_directories(const Options& options, const PrimaryFacts& primary) {
    std::vector<std::string> paths;
    for (const Place& place : places(options, primary)) paths.push_back(place.path);
    paths.erase(paths.begin());
    return paths;
}

HostFacts look_at_host(world::World& world, const Options& options, const PrimaryFacts& primary) {
    HostFacts host;
    look_at_target(world, options, host);
    std::vector<std::string> new_places{options.directory};
    for (const std::string& path : outside_directories(options, primary)) new_places.push_back(path);
    for (const std::string& path : new_places) {
        host.enclosing = enclosing_data_directory(world.files, path);
        if (host.enclosing.empty()) host.enclosing = enclosing_part_of_primary(world.files, path, primary);
        host.enclosed = path;
        if (!host.enclosing.empty()) break;
    }
    host.port_free = port_is_free(world, options, primary);
    host.libc_version = world.processes.libc_version();
    host.places = places(options, primary);
    look_at_space(world.files, host.places);
    const std::string log_directory = fs::path(options.log).parent_path().string();
    host.log_usable = log_directory == options.directory || is_writable_directory(world.files, log_directory);
    // the directory of a cluster of Debian's is made
    const bool to_be_made = options.cluster && world.files.kind(options.config_dir) == world::Kind::missing;
    host.config_dir_usable =
        options.config_dir.empty() ||
        is_writable_directory(world.files, to_be_made ? fs::path(options.config_dir).parent_path().string() : options.config_dir);
    if (options.cluster)
        host.cluster_problem =
            debian::problem(world.files, *options.cluster, options.config_dir, primary.major(), options.directory);
    look_outside(world, options, primary, host);
    if (host.target.state == target::State::occupied) host.is_this_standby = is_this_standby(world.files, options);
    return host;
}

void ask_programs(world::World& world, const Options& options, const PrimaryFacts& primary, HostFacts& host) {
    const std::string bin_dir = programs_folder(world, options, primary);
    if (host.target.state == target::State::occupied) host.former = describe_former(world, options.directory, bin_dir);
    look_at_programs(world, options, primary, bin_dir, host);
}

void look_at_programs(world::World& world, const Options& options, const PrimaryFacts& primary, const std::string& bin_dir,
                      HostFacts& host) {
    read_own_limits(world, options, primary, bin_dir, host);
    host.icu_versions = icu_versions(world.files, bin_dir, primary);
}

}  // namespace cloning
