// The standbys of this server, connected or missing: the facts of the catalogue and what core/health.hpp makes of them.
#pragma once

#include "extension/server/function.hpp"

namespace status {

// replica.list_standbys(thresholds), behind the view replica.standbys: one row a standby session, one for each physical slot that
// nobody streams from, and one for each name in synchronous_standby_names that nobody bears. Backups, pg_receivewal and
// logical walsenders are no standbys. A session that the caller may not see is a row of health unknown.
pg::Rows standbys(const pg::Arguments& arguments);

}  // namespace status
