#include "tool/refresh_former.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "core/conf.hpp"
#include "core/error.hpp"
#include "tool/config_text.hpp"
#include "tool/refresh_kept.hpp"
#include "tool/rejoin_area.hpp"
#include "tool/server.hpp"

namespace refreshing {

namespace {

// The lines of postmaster.pid: process id first, shared memory (key and identifier) in the seventh.
std::vector<std::string> lock_lines(world::World& world, const std::string& directory) {
    const std::string file = directory + "/postmaster.pid";
    if (world.files.kind(file) == world::Kind::missing) return {};
    std::istringstream text(world.files.read(file));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    lines.resize(8);
    return lines;
}

// As the server tests its own lock file: the process, and for a postmaster that was killed the processes it left.
std::string running_server(world::World& world, const std::string& directory) {
    if (server::running(world, directory)) return "Its server runs";
    const auto lines = lock_lines(world, directory);
    if (lines.empty()) return {};
    const int pid = std::atoi(lines[0].c_str());  // negative for a server in single-user mode
    if (pid < 0 && world.processes.alive(-pid)) return fmt::format("A server in single-user mode runs there, process {}", -pid);
    std::istringstream memory(lines[6]);
    long key = 0;
    int identifier = -1;
    if (memory >> key >> identifier && world.processes.shared_memory_in_use(identifier))
        return fmt::format("Processes of a server that was killed still use its shared memory ({})", identifier);
    return {};
}

bool has_any(world::Files& files, const std::string& directory, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (files.kind(directory + "/" + name) != world::Kind::missing) return true;
    return false;
}

void add_below(const cloning::Options& options, const std::string& name, std::vector<std::string>& paths) {
    if (const std::string path = below(options.directory, name); !path.empty()) paths.push_back(path);
}

void read_includes(world::World& world, const cloning::Options& options, Former& former) {
    for (const char* name : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
        const std::string file = options.directory + "/" + name;
        if (world.files.kind(file) != world::Kind::file) continue;
        for (const std::string& included : includes(world.files.read(file))) add_below(options, included, former.named);
    }
}

// What is asked of the configuration, with the server's defaults. The files and folders come last.
struct Asked {
    const char* name;
    const char* otherwise;  // null: only the server knows
};
constexpr std::array<Asked, 12> asked = {{{"port", nullptr},
                                          {"primary_slot_name", ""},
                                          {"primary_conninfo", ""},
                                          {"cluster_name", ""},
                                          {"log_directory", "log"},
                                          {"ssl_cert_file", "server.crt"},
                                          {"ssl_key_file", "server.key"},
                                          {"ssl_ca_file", ""},
                                          {"ssl_crl_file", ""},
                                          {"ssl_crl_dir", ""},
                                          {"ssl_dh_params_file", ""},
                                          {"krb_server_keyfile", ""}}};

// The values in the order above. A configuration that the server does not take is named when it is to be started.
std::vector<std::string> settings(world::World& world, const server::Launch& launch) {
    std::vector<std::string> values(asked.size()), names;
    std::vector<std::size_t> places;
    const auto text = config_text::Settings::read(world.files, launch);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto found = text ? text->value(asked[i].name) : std::nullopt;
        const bool known = found || (text && asked[i].otherwise != nullptr);
        if (known) values[i] = found.value_or(asked[i].otherwise == nullptr ? "" : asked[i].otherwise);
        if (known && (i > 0 || config_text::is_plain_number(values[i]))) continue;
        names.emplace_back(asked[i].name);
        places.push_back(i);
    }
    try {
        const auto told = server::effective_settings(world, launch, names);
        for (std::size_t i = 0; i < told.size(); ++i) values[places[i]] = told[i];
    } catch (const core::Error&) {
        for (const std::size_t place : places) values[place].clear();
    }
    return values;
}

void know_cluster(world::Files& files, const std::string& place, Former& former) {
    if (files.kind(place + "/PG_VERSION") == world::Kind::file)
        former.major = std::atoi(files.read(place + "/PG_VERSION").c_str());
    former.system_identifier = system_identifier_in(files, place + "/global/pg_control");
}

}  // namespace

std::string system_identifier_in(world::Files& files, const std::string& control_file) {
    if (files.kind(control_file) != world::Kind::file) return {};
    std::uint64_t identifier = 0;
    const auto file = files.open_for_reading(control_file);
    if (!file || file->read(reinterpret_cast<char*>(&identifier), sizeof identifier, 0) < sizeof identifier) return {};
    return std::to_string(identifier);
}

void know_upstream(const conninfo::Parameters& parameters, const cloning::Options& options, Former& former) {
    former.user = parameters.get("user");
    former.passfile = parameters.get("passfile");
    if (parameters.has("application_name")) former.name = parameters.get("application_name");
    for (const char* file : {"passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"})
        add_below(options, parameters.get(file), former.named);
}

Former look(world::World& world, const cloning::Options& options) {
    Former former;
    const std::string& directory = options.directory;
    former.kind = world.files.kind(directory);
    if (former.kind != world::Kind::directory) return former;
    former.empty = !target::holds_something(world.files, directory);
    former.owned = world.files.owned(directory);
    if (!former.owned) return former;
    former.marker = read_marker(world.files, directory);
    former.clone = target::inspect(world.files, directory);
    former.has_parts = has_any(world.files, directory, {"PG_VERSION", "base", "global", "pg_wal", "pg_xact"});
    former.of_rejoin = rejoin_area::look(world.files, directory) != rejoin_area::Stage::none;
    know_cluster(world.files, directory, former);
    if (former.system_identifier.empty() && former.marker)
        former.system_identifier = system_identifier_in(world.files, directory + "/" + parked_name);
    if (former.system_identifier.empty() && former.of_rejoin)
        know_cluster(world.files, rejoin_area::partial_path(directory), former);
    former.server = running_server(world, directory);
    const std::string folder = options.config_dir.empty() ? directory : options.config_dir;
    former.has_configuration = world.files.kind(folder + "/postgresql.conf") == world::Kind::file;
    return former;
}

void read_configuration(world::World& world, const cloning::Options& options, const std::string& bin_dir, Former& former) {
    if (!former.has_configuration) return;
    const server::Launch launch{bin_dir, options.directory,
                                options.config_dir.empty() ? "" : options.config_dir + "/postgresql.conf", options.log};
    const std::vector<std::string> values = settings(world, launch);
    former.port = values[0];
    former.slot = values[1];
    former.conninfo = values[2];
    former.name = values[3];
    for (std::size_t i = 4; i < values.size(); ++i) add_below(options, values[i], former.named);
    read_includes(world, options, former);
}

}  // namespace refreshing
