// What stands in the way of a refresh.
#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/refresh_plan.hpp"

namespace refreshing {

namespace {

using cloning::Finding;
using Findings = std::vector<Finding>;

void error(Findings& findings, std::string message, std::string fix) {
    findings.push_back({true, std::move(message), std::move(fix)});
}

void check_cluster(Findings& findings, const cloning::PrimaryFacts& primary, const Former& former, bool remains,
                   const std::string& directory) {
    if (former.major != 0 && former.major != primary.major())
        error(findings, fmt::format("\"{}\" is of PostgreSQL {}, and the primary of {}", directory, former.major, primary.major()),
              "Only a directory of the same major version can be refreshed: clone into an empty one.");
    if (!former.system_identifier.empty() && former.system_identifier != primary.system_identifier)
        error(findings,
              fmt::format("\"{}\" belongs to another cluster: its system identifier is {}, the primary's {}", directory,
                          former.system_identifier, primary.system_identifier),
              "Nothing of it would be left. Name the right directory with -D, or clone into an empty one.");
    const bool known = former.marker && former.marker->system_identifier == primary.system_identifier;
    const bool of_clone = former.clone.state == target::State::unfinished &&
                          former.clone.marker.system_identifier == primary.system_identifier;
    if (former.system_identifier.empty() && !known && !of_clone && !remains)
        error(findings, fmt::format("\"{}\" has no pg_control: nothing says which cluster it belongs to", directory),
              "If it is what an interrupted copy of this primary left, add --remains; all else in it will be removed.");
}

void check_directory(Findings& findings, const cloning::Options& options, const cloning::PrimaryFacts& primary,
                     const Former& former, bool remains) {
    const std::string& directory = options.directory;
    if (former.kind != world::Kind::directory || former.empty)
        return error(findings, fmt::format("\"{}\" is missing or empty: there is nothing to refresh", directory),
                     "An empty directory is filled with pg_replica clone.");
    if (!former.owned) return;  // said by the checks of the host
    if (!former.has_parts && !former.marker && !former.of_rejoin && former.clone.state != target::State::unfinished)
        return error(findings, fmt::format("\"{}\" is no data directory of PostgreSQL", directory),
                     "Name one with -D; all that the primary does not have is removed from it.");
    if (!former.server.empty())
        error(findings, fmt::format("\"{}\" is in use. {}", directory, former.server),
              fmt::format("Stop it with pg_ctl -D {} stop, and run the same command again.", name::quote_shell(directory)));
    check_cluster(findings, primary, former, remains, directory);
    const bool configurable = former.has_configuration || former.clone.state == target::State::unfinished ||
                              (options.config_dir.empty() && primary.config_is_inside());
    if (!configurable)
        error(findings, fmt::format("no postgresql.conf for the server in \"{}\" is found", directory),
              "Name the folder that has it with --config-dir.");
}

// A copy made with cp has links into the primary's own directories: whoever cleans them up cleans up the primary.
void check_shared(Findings& findings, world::World& world, const cloning::Options& options,
                  const cloning::PrimaryFacts& primary, const Source& source) {
    if (!source.same_host) return;
    std::vector<std::pair<std::string, std::string>> pairs{{options.directory + "/pg_wal", primary.data_directory + "/pg_wal"}};
    const std::string folder = options.directory + "/pg_tblspc";
    if (world.files.kind(folder) == world::Kind::directory)
        for (const std::string& name : world.files.list(folder))
            for (const auto& tablespace : primary.tablespaces) pairs.emplace_back(folder + "/" + name, tablespace.location);
    for (const auto& [own, of_primary] : pairs) {
        if (world.files.kind(own) != world::Kind::directory || world.files.canonical(own) != world.files.canonical(of_primary))
            continue;
        error(findings, fmt::format("\"{}\" leads to the primary's own \"{}\"", own, of_primary),
              "Replace the link by one to a directory of this server's own.");
    }
}

void check_source(Findings& findings, const cloning::PrimaryFacts& primary, const Source& source) {
    if (primary.extension_version.empty()) return;  // said by the checks of the primary
    if (!source.has_functions)
        return error(findings, "the extension pg_replica of the primary is older than this tool: it has no function refresh_diff",
                     "Install its files on the primary's host and run DROP EXTENSION pg_replica; CREATE EXTENSION pg_replica;");
    std::string grants;
    for (const std::string& right : source.missing_rights)
        grants += fmt::format(" GRANT {} TO {};", right, name::quote_identifier(primary.user));
    if (!grants.empty())
        error(findings, fmt::format("the role \"{}\" lacks rights that a refresh needs", primary.user),
              fmt::format("Run as a superuser in the database \"{}\" of the primary:{}", primary.dbname, grants));
}

}  // namespace

Source ask_source(world::World& world, tool::Link& primary, const cloning::PrimaryFacts& facts) {
    Source source;
    const auto found = primary.query("SELECT count(*) FROM pg_proc WHERE proname IN ('refresh_list', 'refresh_diff') AND "
                                     "pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'replica')");
    source.has_functions = found.rows.at(0).at(0) == "2";
    const auto rights = primary.query(R"(
        SELECT 'EXECUTE ON FUNCTION ' || oid::regprocedure FROM pg_proc
         WHERE NOT has_function_privilege(oid, 'EXECUTE')
           AND (pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'replica')
                AND proname IN ('refresh_list', 'refresh_diff')
                OR pronamespace = 'pg_catalog'::regnamespace
                AND proname IN ('pg_backup_start', 'pg_backup_stop', 'pg_start_backup', 'pg_stop_backup')
                -- up to 14 there is one without arguments, too: for exclusive backups
                AND pronargs > 0))");
    for (const auto& row : rights.rows) source.missing_rights.push_back(row.at(0).value_or(""));
    source.same_host = !facts.data_directory.empty() &&
                       system_identifier_in(world.files, facts.data_directory + "/global/pg_control") == facts.system_identifier;
    return source;
}

cloning::HostFacts as_own(cloning::HostFacts host, const cloning::Options& options, const cloning::PrimaryFacts& primary,
                          const Former& former) {
    // a rejoin notes nowhere which slot it made
    const bool known = former.of_rejoin || former.slot == options.slot || (former.marker && former.marker->slot == options.slot) ||
                       (former.clone.state == target::State::unfinished && former.clone.marker.slot == options.slot);
    host.target = {target::State::unfinished, {}};
    host.target.marker.system_identifier = primary.system_identifier;
    host.target.marker.slot = known ? options.slot : "";
    host.promoted = host.server_running = false;
    if (host.enclosed != options.directory) host.enclosing.clear();  // tablespaces have their place already
    host.occupied_outside.clear();
    host.unmakeable_outside.clear();
    return host;
}

Findings findings(world::World& world, const cloning::Options& options, const cloning::PrimaryFacts& primary,
                  const Former& former, const Source& source, bool remains) {
    Findings found;
    check_directory(found, options, primary, former, remains);
    check_shared(found, world, options, primary, source);
    check_source(found, primary, source);
    return found;
}

}  // namespace refreshing
