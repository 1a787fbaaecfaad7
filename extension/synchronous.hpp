// Who must have a commit before it counts.
#pragma once

#include "extension/server/function.hpp"

namespace synchronous {

// replica.synchronous_standbys(): those named in synchronous_standby_names and those that are connected, one row each, never
// none. standby_name is NULL in the one row that tells that there is nobody.
pg::Rows list(const pg::Arguments& arguments);

// replica.set_synchronous_standbys(names, method, num_sync, dry_run, allow_waiting, allow_none): one row. Refuses what would
// make commits wait at once, unless allow_waiting; and to name nobody, unless allow_none. Not in a transaction block.
pg::Rows set(const pg::Arguments& arguments);

// Throws core::Error (55000) when this value of the setting would make every commit wait for standbys that do not stream,
// (42501) when the caller may not see who streams.
void refuse_waiting_for(const std::string& setting);

}  // namespace synchronous
