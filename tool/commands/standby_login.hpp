// How a running standby logs in to its primary, as the standby itself tells it.
#pragma once

#include <string>

#include "core/conninfo.hpp"
#include "tool/world.hpp"

namespace standby_login {

struct Login {
    std::string application_name;     // what pg_stat_replication shows on the primary
    std::string slot;                 // empty: none
    conninfo::Parameters parameters;  // of primary_conninfo, which the login may see as a member of
                                      // pg_monitor only; empty otherwise. May hold a password.
};

// Asks the standby. The name is the running receiver's, or what primary_conninfo and cluster_name make it
// when none runs (runtime-config-replication, primary_conninfo); empty when the login may see neither.
Login ask(world::Session& standby);

}  // namespace standby_login
