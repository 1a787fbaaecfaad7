// What stands in the way in the places on this host that the copy will fill.
#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/preflight.hpp"
#include "tool/render/progress.hpp"

namespace cloning {

namespace {

using Findings = std::vector<Finding>;

void error(Findings& findings, std::string message, std::string fix) {
    findings.push_back({true, std::move(message), std::move(fix)});
}

bool lies_in(const std::string& path, const std::string& directory) {
    return path == directory || path.rfind(directory + "/", 0) == 0;
}

// Both sides absolute, as pg_basebackup wants them; \= is an equals sign in a name.
bool is_mapping(const std::string& mapping) {
    const Mapping sides = split_mapping(mapping);
    return sides.from.rfind('/', 0) == 0 && sides.to.rfind('/', 0) == 0;
}

bool is_tablespace(const PrimaryFacts& primary, const std::string& location) {
    for (const Tablespace& tablespace : primary.tablespaces)
        if (tablespace.location == location) return true;
    return false;
}

// A directory for WAL or a tablespace is emptied when the clone fails: it must be nobody else's.
void check_outside(Findings& findings, const HostFacts& host) {
    for (const std::string& path : host.occupied_outside)
        error(findings,
              fmt::format("the directory \"{}\" for a tablespace or for WAL is not empty on this host", path),
              fmt::format("Map a tablespace to an empty directory with --tablespace-mapping {}=/NEW/DIRECTORY; give "
                          "--waldir an empty directory.",
                          path));
    for (const std::string& path : host.foreign_outside)
        error(findings,
              fmt::format("the directory \"{}\" for a tablespace or for WAL belongs to another user", path),
              fmt::format("Run chown USER {} as root, with the user that will run the server.", name::quote_shell(path)));
    for (const std::string& path : host.unmakeable_outside)
        error(findings,
              fmt::format("the directory \"{}\" for a tablespace or for WAL does not exist and cannot be created", path),
              fmt::format("Run install -d -m 0700 -o USER {} as root, with the user that will run the server.",
                          name::quote_shell(path)));
}

// Two parts of the copy in one directory would end up in each other's way, also when one is removed.
void check_apart(Findings& findings, const Options& options, const std::vector<Place>& all) {
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = i + 1; j < all.size(); ++j)
            if (lies_in(all[i].path, all[j].path) || lies_in(all[j].path, all[i].path))
                error(findings,
                      fmt::format("the directory \"{}\" for a tablespace or for WAL and \"{}\" lie in one another",
                                  all[j].path, all[i].path),
                      "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.");
    if (!options.config_dir.empty() && lies_in(options.config_dir, options.directory))
        error(findings, fmt::format("the configuration directory \"{}\" lies in \"{}\"", options.config_dir, options.directory),
              "Choose one outside of -D, or leave --config-dir out to have the files in -D.");
}

// pg_basebackup ignores a mapping of what is no tablespace, and fills the directory that was to be left alone.
void check_mappings(Findings& findings, const Options& options, const PrimaryFacts& primary) {
    for (const std::string& mapping : options.tablespace_mapping) {
        if (!is_mapping(mapping))
            error(findings, fmt::format("the tablespace mapping \"{}\" is not of the form OLDDIR=NEWDIR", mapping),
                  "Give two absolute directories with one equals sign between them.");
        else if (const std::string from = split_mapping(mapping).from; !is_tablespace(primary, from))
            error(findings, fmt::format("no tablespace of the primary lies in \"{}\"", from),
                  "SELECT spcname, pg_tablespace_location(oid) FROM pg_tablespace shows where they lie on the primary.");
    }
}

// What an unfinished clone fills will be free again.
void check_space(Findings& findings, const PrimaryFacts& primary, const HostFacts& host) {
    if (host.target.state == target::State::unfinished) return;
    for (const Shortage& shortage : shortages(host.places, primary.max_wal_size)) {
        const std::string free = render::bytes(shortage.free), needed = render::bytes(shortage.needed);
        if (shortage.of_wal_only)
            findings.push_back({false,
                                fmt::format("only {} are free for {}: with WAL grown to max_wal_size ({}) it will take {}",
                                            free, shortage.paths, render::bytes(primary.max_wal_size), needed),
                                "Make room before the standby has to work, or put WAL elsewhere with --waldir."});
        else
            error(findings, fmt::format("the copy takes {} in {}, and only {} are free there", needed, shortage.paths, free),
                  "Make room, or choose directories on a larger file system with -D, --waldir and --tablespace-mapping.");
    }
}

}  // namespace

void check_places(Findings& findings, const Options& options, const PrimaryFacts& primary, const HostFacts& host) {
    check_space(findings, primary, host);
    check_outside(findings, host);
    check_apart(findings, options, places(options, primary));
    check_mappings(findings, options, primary);
}

}  // namespace cloning
