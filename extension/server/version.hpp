// Every difference between the majors of PostgreSQL that the extension meets, named once. Only version.cpp and this
// header look at PG_VERSION_NUM; all else uses these functions, which mean the same on every major.
#pragma once

struct AlterRoleStmt;
struct ParseState;

namespace pg::version {

// The server's version number, as server_version_num gives it: 150020 for 15.20.
int server();

// pg_replication_slots.inactive_since and .invalidation_reason exist (17).
bool has_slot_inactive_since();

// pg_get_wal_replay_pause_state() exists (14).
bool has_replay_pause_state();

// The view pg_stat_wal exists (14).
bool has_wal_statistics();

// pg_database.datcollversion exists (15).
bool has_database_collation_version();

// ALTER SYSTEM can be granted on single parameters (15).
bool has_parameter_privileges();

// pg_hba.conf knows include directives and regular expressions (16).
bool has_hba_includes();

// A role with CREATEROLE and REPLICATION can create replication roles; before, only superusers can (16).
bool has_delegated_replication();

// The setting allow_alter_system exists (17).
bool has_allow_alter_system();

// Logical slots work with wal_level = replica, which becomes logical on demand (19).
bool has_logical_decoding_on_demand();

// The server summarizes WAL, in pg_wal/summaries (17).
bool has_wal_summaries();

// The setting stats_temp_directory exists (before 15).
bool has_statistics_directory();

// autovacuum_worker_slots, not autovacuum_max_workers, is what the limit of server processes counts (18).
bool has_autovacuum_worker_slots();

// The ending of a loadable library's file: the server's headers tell it from 15 on only.
const char* library_suffix();

// True if a setting of this server has the flag that pg_settings.pending_restart shows. Throws server errors: inside call() only.
bool some_setting_waits_for_restart();

// AlterRole() of the server, which takes the parse state on the newer majors only.
void alter_role(ParseState* state, AlterRoleStmt* statement);

// True when plain is the password that a stored verifier or hash of role was made from (plain_crypt_verify).
bool password_fits(const char* role, const char* stored, const char* plain);

}  // namespace pg::version
