// The table of contents of the library: one line for each SQL function, C symbol and SQL name equal.
#include "extension/server/postgres.hpp"

#include "extension/admission.hpp"
#include "extension/check.hpp"
#include "extension/hba.hpp"
#include "extension/server/boundary.hpp"
#include "extension/marker.hpp"
#include "extension/node.hpp"
#include "extension/refresh.hpp"
#include "extension/rewind_role.hpp"
#include "extension/role_report.hpp"
#include "extension/roles.hpp"
#include "extension/settings.hpp"
#include "extension/slots.hpp"
#include "extension/status.hpp"
#include "extension/synchronous.hpp"

// The library is built with hidden symbols; what PostgreSQL looks up by name must be visible on every major.
#pragma GCC visibility push(default)

#define EXPORT(name, ...)                                                     \
    PG_FUNCTION_INFO_V1(name);                                                \
    Datum name(PG_FUNCTION_ARGS) { return pg::shield(fcinfo, __VA_ARGS__); }

extern "C" {
PG_MODULE_MAGIC;

EXPORT(create_role, roles::create, pg::Secrecy::hide_statement)
EXPORT(create_rewind_role, rewind_role::create, pg::Secrecy::hide_statement)
EXPORT(drop_role, roles::drop)
EXPORT(list_replication_roles, role_report::list)

EXPORT(settings, setting::list)
EXPORT(set_settings, setting::set)
EXPORT(reset_settings, setting::reset)

EXPORT(synchronous_standbys, synchronous::list)
EXPORT(set_synchronous_standbys, synchronous::set)

EXPORT(allow_standby, admission::allow)
EXPORT(disallow_standby, admission::disallow)
EXPORT(hba_decision, hba::decision)

EXPORT(create_slot, slots::create)
EXPORT(drop_slot, slots::drop)
EXPORT(list_slots, slots::list)

EXPORT(check, checks::run)

EXPORT(list_standbys, status::standbys)
EXPORT(describe_node, node::describe)

EXPORT(write_marker, marker::write)
EXPORT(read_marker, marker::read)

EXPORT(refresh_list, refreshing::list)
EXPORT(refresh_diff, refreshing::diff)
}

#pragma GCC visibility pop
