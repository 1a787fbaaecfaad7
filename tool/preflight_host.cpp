// What stands in the way on this host.
#include <fmt/format.h>

#include "core/name.hpp"

#include <cstdlib>

#include "tool/preflight.hpp"

namespace cloning {

namespace {

using Findings = std::vector<Finding>;

void error(Findings& findings, std::string message, std::string fix) {
    findings.push_back({true, std::move(message), std::move(fix)});
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
    if (!host.cluster_problem.empty())
        error(findings, host.cluster_problem, "Name another directory with --config-dir; pg_lsclusters shows the clusters.");
    else if (!host.config_dir_usable)
        error(findings,
              fmt::format("the configuration directory \"{}\" does not exist or cannot be written",
                          options.config_dir),
              "Create it for the user that runs the server, and run the same command again.");
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

void check_port(Findings& findings, const Options& options, const HostFacts& host) {
    if (!host.port_free && !host.server_running)
        error(findings, fmt::format("port {} is in use on this host", options.port),
              "Choose another one with --port.");
}

}  // namespace

void check_standby_host(Findings& found, const Options& options, const PrimaryFacts& primary,
                        const HostFacts& host) {
    check_target(found, options, host);
    check_port(found, options, host);
    check_places(found, options, primary, host);
    check_limits(found, options, primary, host);
}

}  // namespace cloning
