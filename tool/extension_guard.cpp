#include "tool/extension_guard.hpp"

#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/failure.hpp"

namespace extension_guard {

namespace {

constexpr const char* version = "1.0";

// Reads the control files on the server's disk, so it is asked only when something is wrong.
bool is_available(world::Session& session) {
    return session
               .query(
                   "SELECT EXISTS (SELECT FROM pg_available_extension_versions WHERE name = 'pg_replica' AND "
                   "version = $1) AS available",
                   {version})
               .at(0, "available") == "t";
}

std::string where_to_run(bool in_recovery) {
    return in_recovery ? "on the primary (the standby receives it by replication)" : "there";
}

std::string install_hint() {
    return fmt::format(
        "Install the files of pg_replica {} on the server's host: make install with its pg_config as "
        "PG_CONFIG, or its package.",
        version);
}

[[noreturn]] void fail_missing(world::Session& session, const std::string& server,
                               const std::string& database, bool in_recovery) {
    const std::string message =
        fmt::format("the extension pg_replica is not in database \"{}\" of {}", database, server);
    if (!is_available(session))
        throw refused(message, "Its files are not installed on the server either.", install_hint());
    throw refused(
        message, "Its files are installed on the server.",
        fmt::format("Run {}: CREATE EXTENSION pg_replica; or name the database that has it with -d.",
                    where_to_run(in_recovery)));
}

[[noreturn]] void fail_version(world::Session& session, const std::string& server, const std::string& found,
                               bool in_recovery) {
    const std::string message =
        fmt::format("the extension pg_replica of {} has another version than this tool", server);
    const std::string detail = fmt::format("The extension is version {}, the tool needs {}.", found, version);
    if (!is_available(session)) throw refused(message, detail, install_hint());
    throw refused(message, detail,
                  fmt::format("Run {}: ALTER EXTENSION pg_replica UPDATE TO {};", where_to_run(in_recovery),
                              name::quote_literal(version)));
}

}  // namespace

void require(world::Session& session, const std::string& server) {
    const world::Rows rows = session.query(
        "SELECT current_database() AS database, pg_is_in_recovery() AS in_recovery,"
        " (SELECT extversion FROM pg_extension WHERE extname = 'pg_replica') AS version");
    const world::Value found = rows.at(0, "version");
    if (found == version) return;
    const bool in_recovery = rows.at(0, "in_recovery") == "t";
    if (!found) fail_missing(session, server, rows.at(0, "database").value_or(""), in_recovery);
    fail_version(session, server, *found, in_recovery);
}

}  // namespace extension_guard
