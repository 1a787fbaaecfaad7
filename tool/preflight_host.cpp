// What stands in the way on this host.
#include <fmt/format.h>

#include "core/name.hpp"

#include <cstdlib>

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

// What is there is never to be stopped or moved on our advice while it runs: it may be the primary itself.
void check_occupied(Findings& findings, const Options& options, const HostFacts& host) {
    const std::string directory = name::quote_shell(options.directory);
    if (host.server_running)
        return error(findings, fmt::format("a server runs in \"{}\"", options.directory),
                     "Choose another directory with -D. If it is a standby that you no longer want, stop it and remove it "
                     "yourself first.");
    if (host.is_this_standby)
        return error(findings, fmt::format("\"{}\" holds this standby already: complete, and stopped", options.directory),
                     fmt::format("Start it with pg_ctl -D {} -l {} start, then prove it with pg_replica verify.", directory,
                                 name::quote_shell(options.log)));
    error(findings,
          host.former.empty() ? fmt::format("\"{}\" is not an empty directory, and nothing in it was made by an "
                                            "unfinished clone",
                                            options.directory)
                              : fmt::format("\"{}\" is {}", options.directory, host.former),
          "Choose another directory with -D, or move what is there away yourself.");
}

void check_target(Findings& findings, const Options& options, const HostFacts& host) {
    const std::string& directory = options.directory;
    if (!host.enclosing.empty())
        error(findings,
              fmt::format("\"{}\" lies inside \"{}\", which belongs to a server", host.enclosed,
                          host.enclosing),
              "Choose a directory outside of every data directory, tablespace and pg_wal.");
    if (host.target.state == target::State::occupied) check_occupied(findings, options, host);
    if (host.promoted)
        error(findings,
              fmt::format(
                  "the unfinished clone in \"{}\" has no standby.signal any more: it was promoted, and may "
                  "hold data that no other server has",
                  directory),
              fmt::format("To keep it, remove {}; to clone anew, stop it and remove the directory.",
                          target::marker_path(directory)));
    if (host.target.state == target::State::missing && !host.parent_writable)
        error(
            findings,
            fmt::format("\"{}\" does not exist and cannot be created in \"{}\"", directory, host.parent),
            fmt::format("Run install -d -m 0700 -o USER {} as root, with the user that will run the server.",
                        name::quote_shell(directory)));
    if (host.target.state != target::State::missing && !host.owned)
        error(findings,
              fmt::format("\"{}\" belongs to another user than the one that runs this command", directory),
              "Run the command as the directory's owner (--os-user when root), or change the owner with "
              "chown.");
    const bool unfinished = host.target.state == target::State::unfinished;
    if (unfinished && host.server_running && !host.target.marker.placed && !host.promoted)
        error(findings, fmt::format("a server runs in \"{}\"", directory),
              fmt::format("Stop it with pg_ctl -D {} stop.", name::quote_shell(directory)));
    if (!host.log_usable)
        error(findings, fmt::format("the log \"{}\" cannot be written", options.log),
              "Name another file with --log, in a directory that exists and that the user of the server may "
              "write to.");
    if (!host.config_dir_usable)
        error(findings,
              fmt::format("the configuration directory \"{}\" does not exist or cannot be written",
                          options.config_dir),
              "Create it for the user that runs the server, and run the same command again.");
}

// A directory for WAL or a tablespace is emptied when the clone fails: it must be nobody else's, and not the
// copy's own.
void check_outside(Findings& findings, const Options& options, const PrimaryFacts& primary,
                   const HostFacts& host) {
    for (const std::string& path : host.occupied_outside)
        error(findings,
              fmt::format("the directory \"{}\" for a tablespace or for WAL is not empty on this host", path),
              fmt::format(
                  "Map a tablespace to an empty directory with --tablespace-mapping {}=/NEW/DIRECTORY; give "
                  "--waldir an empty directory.",
                  path));
    for (const std::string& path : host.unmakeable_outside)
        error(
            findings,
            fmt::format(
                "the directory \"{}\" for a tablespace or for WAL does not exist and cannot be created",
                path),
            fmt::format("Run install -d -m 0700 -o USER {} as root, with the user that will run the server.",
                        name::quote_shell(path)));
    for (const std::string& path : outside_directories(options, primary))
        if (lies_in(path, options.directory) || lies_in(options.directory, path))
            error(
                findings,
                fmt::format("the directory \"{}\" for a tablespace or for WAL and \"{}\" lie in one another",
                            path, options.directory),
                "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.");
    if (!options.config_dir.empty() && lies_in(options.config_dir, options.directory))
        error(findings,
              fmt::format("the configuration directory \"{}\" lies in \"{}\"", options.config_dir,
                          options.directory),
              "Choose one outside of -D, or leave --config-dir out to have the files in -D.");
    for (const std::string& mapping : options.tablespace_mapping)
        if (!is_mapping(mapping))
            error(findings,
                  fmt::format("the tablespace mapping \"{}\" is not of the form OLDDIR=NEWDIR", mapping),
                  "Give two absolute directories with one equals sign between them.");
}

void check_limits(Findings& findings, const Options& options, const PrimaryFacts& primary,
                  const HostFacts& host) {
    if (!host.config_problem.empty())
        error(findings,
              fmt::format("the configuration in \"{}\" is not valid on this host: {}", options.config_dir,
                          host.config_problem),
              "Mend the setting that the server names, then run the same command again.");
    for (const auto& [name, own] : host.own_limits) {
        const auto wanted = primary.limits.find(name);
        if (wanted == primary.limits.end() || std::atoi(own.c_str()) >= std::atoi(wanted->second.c_str()))
            continue;
        error(findings,
              fmt::format(
                  "{} is {} in \"{}/postgresql.conf\" and {} on the primary: with less, a standby does not "
                  "start",
                  name, own, options.config_dir, wanted->second),
              fmt::format("Write {} = {} into that file.", name, wanted->second));
    }
}

void check_host(Findings& findings, const Options& options, const PrimaryFacts& primary,
                const HostFacts& host) {
    if (!host.port_free && !host.server_running)
        error(findings, fmt::format("port {} is in use on this host", options.port),
              "Choose another one with --port.");
    if (primary.bytes > 0 && host.target.state != target::State::unfinished &&
        host.free_bytes < primary.bytes)
        error(findings,
              fmt::format("the primary holds {}, and only {} are free for \"{}\"",
                          render::bytes(primary.bytes), render::bytes(host.free_bytes), options.directory),
              "Make room, or choose a directory on a larger file system with -D.");
}

}  // namespace

void check_standby_host(Findings& found, const Options& options, const PrimaryFacts& primary,
                        const HostFacts& host) {
    check_target(found, options, host);
    check_host(found, options, primary, host);
    check_outside(found, options, primary, host);
    check_limits(found, options, primary, host);
}

}  // namespace cloning
