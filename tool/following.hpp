// Pointing a running standby to another upstream: the new primary after a promotion, or a standby for a cascade.
#pragma once

#include <memory>
#include <string>

#include "tool/link.hpp"
#include "tool/plan.hpp"
#include "tool/proof.hpp"
#include "tool/standby_config.hpp"

namespace following {

// A server of the pair as it tells itself.
struct Node {
    bool in_recovery = false;
    unsigned timeline = 0;
    std::string history;   // text of that timeline's history file
    std::string position;  // end of its WAL; of a standby, what it has received or replayed
};
Node ask(world::Session& session);

// Throws Failure (precondition) when the standby cannot go on from the upstream.
void check(const Node& standby, const Node& upstream);

struct Run {
    Run(tool::Link& upstream, world::Session& standby) : upstream(upstream), standby(standby) {}

    tool::Link& upstream;
    world::Session& standby;
    Node facts;                                // of the upstream
    std::string directory, name, slot, role;
    std::string conninfo_before, slot_before;  // primary_conninfo and primary_slot_name
    std::string passfile, passfile_before;     // path, and its text before
    std::string password;                      // of the role; empty: none is known
    std::chrono::seconds patience{300};

    conninfo::Parameters login;  // what the replication login succeeded with
    bool slot_created = false, passfile_written = false, pointed = false;
    proof::Streaming streaming;

    proof::Pair pair() { return {upstream.session(), standby, name, slot}; }
};

// The password of the first line for that role in a password file (libpq-pgpass); empty: none.
std::string password_for(const std::string& passfile, const std::string& role);

plan::Plan make_plan(const std::shared_ptr<Run>& run);

}  // namespace following
