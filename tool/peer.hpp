// Another server of the cluster, asked what it is: before a promotion, a start or a change of upstream, nothing is
// taken for granted about it.
#pragma once

#include <string>

#include "tool/world.hpp"

namespace peer {

struct Answer {
    bool answers = false;  // a server is there
    bool asked = false;    // and it told what stands below
    bool in_recovery = false;
    std::string system_identifier;
    unsigned timeline = 0;  // that it writes, or as a standby follows
    std::string position;   // end of its WAL; of a standby, what it has received
    std::string problem;    // why it could not be asked

    bool is_primary() const { return asked && !in_recovery; }
};

// Asks over a replication connection, which needs no database and no right but REPLICATION, or over SQL where that login
// is refused. Never throws for a server that does not answer.
Answer ask(world::Database& database, conninfo::Parameters parameters);

// "10.0.0.1 port 5432", for messages.
std::string place(const conninfo::Parameters& parameters);

}  // namespace peer
