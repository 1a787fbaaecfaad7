// Proof that a standby replicates: a row written on the primary that the standby can be asked for.
#pragma once

#include "extension/server/function.hpp"

namespace marker {

// replica.write_marker(standby_name): puts a fresh random token for the standby into replica.marker, on a primary only.
// The row's WAL ends at or before lsn; its commit record follows, so a standby shows it once it replayed a bit more.
pg::Rows write(const pg::Arguments& arguments);

// replica.read_marker(standby_name): the token that is visible here; no row when none has arrived.
pg::Rows read(const pg::Arguments& arguments);

}  // namespace marker
