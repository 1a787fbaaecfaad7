#include "tool/clone_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/name.hpp"
#include "tool/compression.hpp"
#include "tool/failure.hpp"
#include "tool/host_facts.hpp"

namespace cloning {

namespace {

std::string short_host_name(world::World& world) {
    const std::string full = world.processes.host_name();
    return full.substr(0, full.find('.'));
}

bool is_mapping(const std::string& text) {
    const Mapping sides = split_mapping(text);
    return sides.from.rfind('/', 0) == 0 && sides.to.rfind('/', 0) == 0;
}

void check_words(const Options& options) {
    if (options.directory.empty())
        throw Failure(ExitCode::usage, "-D is empty", {}, "Name the data directory of the standby with -D.");
    if (options.from_standby && options.prepare)
        throw Failure(ExitCode::usage, "--prepare changes the primary, and --from-standby leads to a standby", {},
                      "Run pg_replica prepare for the primary, then this command without --prepare.");
    for (const std::string& mapping : options.tablespace_mapping)
        if (!is_mapping(mapping))
            throw Failure(ExitCode::usage,
                          fmt::format("the tablespace mapping \"{}\" is not of the form OLDDIR=NEWDIR", mapping), {},
                          "Give two absolute directories with one equals sign between them.");
}

}  // namespace

std::string application_name(const Options& options) {
    const bool plain = std::all_of(options.name.begin(), options.name.end(),
                                   [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    return plain ? options.name : options.slot;
}

void complete(world::World& world, Options& options) {
    check_words(options);
    options.compress = compression::normalized(options.compress);
    options.directory = world.files.canonical(options.directory);
    if (!options.config_dir.empty()) options.config_dir = world.files.canonical(options.config_dir);
    if (!options.waldir.empty()) options.waldir = world.files.canonical(options.waldir);
    options.log = options.log.empty() ? options.directory + "/server.log" : world.files.canonical(options.log);
    const char* const root = std::getenv("PG_CLUSTER_CONF_ROOT");
    options.cluster = debian::cluster_of(options.config_dir, world.files.canonical(root == nullptr ? "/etc/postgresql" : root));
    if (options.port == 0) options.port = 5432;
    if (options.name.empty())
        options.name = short_host_name(world) + (options.port == 5432 ? "" : fmt::format("_{}", options.port));
    name::check_plain("standby", options.name);
    if (options.slot.empty()) options.slot = name::slot_from(options.name);
    name::check_slot(options.slot);
    options.role_is_own = options.replication_user.empty();
    if (options.role_is_own) options.replication_user = ("replicator_" + options.slot).substr(0, name::max_length);
    name::check_role(options.replication_user);
    std::vector<std::string> paths{options.directory, options.config_dir, options.waldir, options.log};
    paths.insert(paths.end(), options.tablespace_mapping.begin(), options.tablespace_mapping.end());
    if (std::any_of(paths.begin(), paths.end(), [](const auto& path) { return name::has_control_character(path); }))
        throw Failure(ExitCode::usage, "a directory name contains a control character", {},
                      "Choose another one with -D, --config-dir, --waldir, --log or --tablespace-mapping.");
}

}  // namespace cloning
