// Every difference between the majors of PostgreSQL that the extension meets, named once. Only version.cpp and this
// header look at PG_VERSION_NUM; all else uses these functions, which mean the same on every major.
#pragma once

namespace pg::version {

// The server's version number, as server_version_num gives it: 150020 for 15.20.
int server();

// pg_replication_slots.inactive_since and .invalidation_reason exist (17).
bool has_slot_inactive_since();

// ALTER SYSTEM can be granted on single parameters (15).
bool has_parameter_privileges();

// pg_hba.conf knows include directives and regular expressions (16).
bool has_hba_includes();

}  // namespace pg::version
