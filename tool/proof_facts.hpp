// What the two servers of a pair say about their connection, and what follows from it.
#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "tool/proof.hpp"

namespace proof {

// As the primary sees it (pg_stat_replication, pg_replication_slots).
struct Sender {
    world::Value pid, state, slot_name, slot_pid, wal_status;
    std::string others;  // names of the other walsenders, for the reader
};

// As the standby sees it (pg_stat_wal_receiver and the recovery functions).
struct Receiver {
    bool in_recovery = false;
    world::Value pid, status, slot, host, port, timeline, replay_lsn, paused, apply_delay, has_conninfo;
};

Sender ask_primary(const Pair& pair);
Receiver ask_standby(const Pair& pair);

// Both sides agree that this standby streams through this slot.
bool agreed(const Pair& pair, const Sender& sender, const Receiver& receiver);

// What waiting cannot mend, as the error to throw.
std::optional<core::Error> hopeless(const Pair& pair, const Sender& sender, const Receiver& receiver);

// Waiting for what ("the standby does not stream") was in vain: the facts of both sides, and the hint that
// fits them.
core::Error in_vain(const Pair& pair, const std::string& what, const Sender& sender,
                    const Receiver& receiver);

}  // namespace proof
