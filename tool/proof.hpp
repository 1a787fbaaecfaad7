// The proof that a standby really replicates: no exit code and no single view is believed. clone ends with
// it, verify is made of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tool/world.hpp"

namespace proof {

// A primary, or for a cascade the server that feeds the standby, and its standby. Both sessions are on the
// database that holds the extension.
struct Pair {
    world::Session& primary;
    world::Session& standby;
    std::string application_name;  // of the standby's receiver; what pg_stat_replication shows
    std::string slot;              // that the receiver uses; empty when it uses none
};

enum class Upstream { primary, standby_too };

// Throws core::Error unless both belong to one cluster (pg_control_system), the first is no standby (allowed
// with Upstream::standby_too), the second is one, they are two servers, and the standby does not follow
// itself.
void same_cluster(const Pair& pair, Upstream upstream = Upstream::primary);

struct Streaming {
    std::string timeline;      // that the receiver gets WAL of; empty when the server does not say
    std::string primary_lsn;   // taken on the primary when both sides said "streaming"
    std::string replay_lsn;    // of the standby, never behind primary_lsn
    std::uint64_t behind = 0;  // bytes that the standby had yet to replay when both sides said "streaming"
};

// Waits until the primary has a streaming walsender for application_name (the one that holds the slot, when
// there is one), the standby's receiver streams with that slot, and replay has passed a position taken on the
// primary after that. limit is the longest time without progress of replay. Throws core::Error with what both
// sides showed last: 42501 at once when the login may not see the columns, 55000 at once for what waiting
// cannot mend (slot missing or lost, replay paused, standby promoted), 57014 at the limit.
Streaming streaming(world::World& world, const Pair& pair, std::chrono::seconds limit);

struct Marker {
    std::string lsn;  // end of the write on the primary
    std::chrono::milliseconds elapsed;
};

// Writes a fresh token with replica.write_marker on the primary (which must not be a standby) and waits until
// replica.read_marker on the standby returns it. Errors and limit as for streaming.
Marker marker(world::World& world, const Pair& pair, std::chrono::seconds limit);

}  // namespace proof
