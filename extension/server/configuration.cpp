#include "extension/server/configuration.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
}

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/name.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/reload.hpp"

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

}  // namespace

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

std::string why_configuration_is_unwritable() {
    // the working directory of a server process is its data directory
    const char* file = "postgresql.auto.conf";
    const std::string directory = why(".", W_OK | X_OK);
    if (!directory.empty()) return "the data directory" + directory.substr(1);
    return access(file, F_OK) == 0 ? why(file, R_OK | W_OK) : std::string();
}

}  // namespace pg
