#include "extension/server/version.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "commands/user.h"
#include "libpq/crypt.h"
#include "utils/guc_tables.h"
}

#include <algorithm>

#if PG_VERSION_NUM < 130000 || PG_VERSION_NUM >= 200000
#error "pg_replica supports PostgreSQL 13 to 19"
#endif

namespace pg::version {

namespace {

// One of the two fits the server's declaration.
[[maybe_unused]] void run(Oid (*alter)(ParseState*, AlterRoleStmt*), ParseState* state, AlterRoleStmt* statement) {
    alter(state, statement);
}
[[maybe_unused]] void run(Oid (*alter)(AlterRoleStmt*), ParseState*, AlterRoleStmt* statement) { alter(statement); }

// The type of the explanation for the log, which nobody reads here, lost or won a const.
template <class Text>
bool fits(int (*verify)(const char*, const char*, const char*, Text**), const char* role, const char* stored,
          const char* plain) {
    Text* explanation = nullptr;
    return verify(role, stored, plain, &explanation) == STATUS_OK;
}

}  // namespace

int server() { return PG_VERSION_NUM; }

bool has_slot_inactive_since() { return PG_VERSION_NUM >= 170000; }

bool has_replay_pause_state() { return PG_VERSION_NUM >= 140000; }

bool has_wal_statistics() { return PG_VERSION_NUM >= 140000; }

bool has_database_collation_version() { return PG_VERSION_NUM >= 150000; }

bool has_parameter_privileges() { return PG_VERSION_NUM >= 150000; }

bool has_hba_includes() { return PG_VERSION_NUM >= 160000; }

bool has_delegated_replication() { return PG_VERSION_NUM >= 160000; }

bool has_allow_alter_system() { return PG_VERSION_NUM >= 170000; }

bool has_logical_decoding_on_demand() { return PG_VERSION_NUM >= 190000; }

bool has_wal_summaries() { return PG_VERSION_NUM >= 170000; }

bool has_statistics_directory() { return PG_VERSION_NUM < 150000; }

bool has_autovacuum_worker_slots() { return PG_VERSION_NUM >= 180000; }

const char* library_suffix() {
#ifdef DLSUFFIX
    return DLSUFFIX;
#else
    return ".so";
#endif
}

bool some_setting_waits_for_restart() {
#if PG_VERSION_NUM >= 160000
    int count = 0;
    config_generic** settings = get_guc_variables(&count);
#else
    const int count = GetNumConfigOptions();
    config_generic** settings = get_guc_variables();
#endif
    return std::any_of(settings, settings + count,
                       [](const config_generic* setting) { return (setting->status & GUC_PENDING_RESTART) != 0; });
}

void alter_role(ParseState* state, AlterRoleStmt* statement) { run(AlterRole, state, statement); }

bool password_fits(const char* role, const char* stored, const char* plain) {
    return fits(plain_crypt_verify, role, stored, plain);
}

}  // namespace pg::version
