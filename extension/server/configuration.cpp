#include "extension/server/configuration.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "postmaster/interrupt.h"
#include "storage/lwlock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
}

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "core/conf.hpp"
#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/file.hpp"
#include "extension/server/reload.hpp"
#include "extension/server/transaction.hpp"
#include "extension/server/version.hpp"

namespace pg {

namespace {

int try_parameter(const char* name, const char* value, int level) {
    return set_config_option(name, value, PGC_POSTMASTER, PGC_S_FILE, GUC_ACTION_SET, false, level, false);
}

// A subtransaction of its own: an error inside leaves the server's lock on postgresql.auto.conf taken
// otherwise.
void alter_system(const std::string& statement) {
    const char* text = statement.c_str();
    atomically([text] {
        call([text] {
            List* statements = pg_parse_query(text);
            AlterSystemSetConfigFile(castNode(AlterSystemStmt, linitial_node(RawStmt, statements)->stmt));
        });
    });
}

// What the session does by itself between two statements.
void take_in_reload() {
    ConfigReloadPending = false;
    call([] { ProcessConfigFile(PGC_SIGHUP); });
}

std::string why(const char* file, int mode) {
    if (access(file, mode) == 0) return {};
    return std::string(file) + ": " + std::generic_category().message(errno);
}

// With a directory, as its entry is synced. The temporary file is the server's own: base backups leave it out.
constexpr const char* automatic = "./postgresql.auto.conf";
constexpr const char* automatic_new = "./postgresql.auto.conf.tmp";

std::optional<std::string> value_in(const std::string& content, const std::string& name) {
    std::optional<std::string> value;
    for (const conf::Line& line : conf::parse(content))
        if (line.name == name) value = line.value;
    return value;
}

void put_back(const std::string& before, const std::vector<ToWrite>& changes) {
    const std::string current = file::read(automatic);
    std::vector<std::string> ours;
    for (const ToWrite& change : changes)
        if (value_in(current, change.name) == change.value) ours.push_back(change.name);
    const std::string content = conf::with_lines_of(before, current, ours);
    if (content != current) file::overwrite(automatic, automatic_new, content);
}

void put_back_locked(const std::string& before, const std::vector<ToWrite>& changes) {
    call([] { LWLockAcquire(AutoFileLock, LW_EXCLUSIVE); });
    try {
        put_back(before, changes);
    } catch (...) {
        call([] { LWLockRelease(AutoFileLock); });
        throw;
    }
    call([] { LWLockRelease(AutoFileLock); });
}

std::string commands(const std::vector<ToWrite>& before) {
    std::string result;
    for (const ToWrite& change : before)
        result += change.value ? fmt::format(" ALTER SYSTEM SET {} TO {};", change.name, name::quote_literal(*change.value))
                               : fmt::format(" ALTER SYSTEM RESET {};", change.name);
    return result;
}

[[noreturn]] void not_put_back(const core::Error& error, const std::string& before, std::vector<ToWrite> changes) {
    for (ToWrite& change : changes) change.value = value_in(before, change.name);
    throw core::Error(core::sqlstate::config_file_error, "settings were written and could not be put back",
                      fmt::format("{}. {}", error.message, error.detail), fmt::format("Run{}", commands(changes)));
}

}  // namespace

void put_back_on_rollback(const std::vector<ToWrite>& changes) {
    on_rollback([before = file::read(automatic), changes] {
        try {
            put_back_locked(before, changes);
        } catch (const core::Error& error) {
            not_put_back(error, before, changes);
        }
        request_reload();
    });
}

void check_parameter(const std::string& name, const std::string& value) {
    call([&] { try_parameter(name.c_str(), value.c_str(), ERROR); });
}

bool accepts_parameter(const std::string& name, const std::string& value) {
    return call([&] { return try_parameter(name.c_str(), value.c_str(), DEBUG5) != 0; });
}

void alter_system_set(const std::string& name, const std::string& value) {
    alter_system("ALTER SYSTEM SET " + name::quote_identifier(name) + " TO " + name::quote_literal(value));
}

void alter_system_reset(const std::string& name) {
    alter_system("ALTER SYSTEM RESET " + name::quote_identifier(name));
}

bool reload_configuration() {
    if (ConfigReloadPending) take_in_reload();
    const bool answered = reload_and_wait(10000);
    take_in_reload();
    return answered;
}

bool has_library(const std::string& name) {
    const std::string file = std::string(pkglib_path) + "/" + name + version::library_suffix();
    return std::string(Dynamic_library_path) != "$libdir" || access(file.c_str(), R_OK) == 0;
}

std::string value_in_effect(const char* name) {
    const char* value = call([name] { return GetConfigOption(name, true, false); });
    return value == nullptr ? std::string() : std::string(value);
}

bool some_setting_waits_for_restart() {
    return call([] { return version::some_setting_waits_for_restart(); });
}

std::string why_configuration_is_unwritable() {
    // the working directory of a server process is its data directory
    const char* file = "postgresql.auto.conf";
    const std::string directory = why(".", W_OK | X_OK);
    if (!directory.empty()) return "the data directory" + directory.substr(1);
    return access(file, F_OK) == 0 ? why(file, R_OK | W_OK) : std::string();
}

}  // namespace pg
