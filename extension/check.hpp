// Everything on this server that would stop a standby from being cloned or from following, each with its remedy.
#pragma once

#include "extension/server/function.hpp"

namespace checks {

// replica.check(standbys, role_name, address, tls): one row a check, always all of them and in the same order. standbys:
// how many more are to be cloned at a time; role_name: whom they log in as, NULL to leave that out; address: where from,
// NULL for a Unix-domain socket. Never raises for a right that the caller lacks: such a row is a warning and says which.
pg::Rows run(const pg::Arguments& arguments);

}  // namespace checks
