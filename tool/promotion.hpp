// Making a standby the primary: what is known before, what stands in the way, and the steps.
#pragma once

#include <memory>
#include <string>

#include "tool/peer.hpp"
#include "tool/plan.hpp"

namespace promotion {

struct Facts {
    bool in_recovery = false;
    int version = 0;  // server_version_num
    std::string system_identifier;
    std::string received, replayed;      // positions; empty: none
    std::string last_commit;             // time of the last replayed commit, with its age; empty: none
    std::string receiver, told, silence; // state of the WAL receiver, the primary's end of WAL that it was last told,
                                         // and when; empty: no receiver
    bool paused = false;
    bool may_promote = false, may_checkpoint = false;
    std::string synchronous_standby_names, synchronous_source;
    conninfo::Parameters primary_conninfo;  // empty: none, or not for this login to see
};

// Reads of the standby only; primary_conninfo is left to the caller, who can parse connection strings.
Facts gather(world::Session& standby);

// The other standbys that replicated on the primary when it was last heard: those whose marker is here (replica.marker), by
// name. Empty for a login that may not read it, and without the extension in this database.
std::vector<std::string> known_standbys(world::Session& standby);

// What is known to be missing, as sentences: received and replayed, the primary's last known position, the last contact.
// primary is how the old primary answered, if it was asked.
std::vector<std::string> known_losses(const Facts& facts, const peer::Answer& primary);

// Throws Failure (precondition) for what stands in the way. force waives what concerns the old primary; place names it.
void check(const Facts& facts, const peer::Answer& primary, const std::string& place, bool force);

struct Run {
    Run(world::Session& server, Facts facts) : server(server), facts(std::move(facts)) {}

    world::Session& server;
    Facts facts;
    std::vector<std::string> others;      // standbys that will follow this server, by name
    std::vector<std::string> slots_made;  // of theirs
    std::chrono::seconds patience{300};
    bool cleared_names = false;
    bool requested = false;
    unsigned timeline = 0;  // of the new primary
};

plan::Plan make_plan(const std::shared_ptr<Run>& run);

// The steps of that plan, for one that has more around them: synchronous_standby_names, under which every commit would wait,
// and back; the promotion up to its real end; the checkpoint after it.
void clear_names(world::World& world, Run& run);
void restore_names(Run& run);
void promote(world::World& world, Run& run);
void settle(world::World& world, Run& run);

// Waits until the control file is on the timeline that is written: before that, pg_rewind takes this server for one
// that has never been promoted. Returns the timeline.
unsigned settle_timeline(world::World& world, world::Session& server, std::chrono::seconds patience);

}  // namespace promotion
