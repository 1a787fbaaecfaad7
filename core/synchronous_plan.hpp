// What naming standbys in synchronous_standby_names does to commits: judged before it is done (warm-standby).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/synchronous.hpp"

namespace synchronous {

// A session that WAL is sent to, as pg_stat_replication shows it.
struct Sender {
    std::string name;  // application_name
    std::string state;
    std::string sync_state;
    bool confirms = false;  // streams, and says how far it has flushed: what the server takes as a candidate
};

// From what a caller asks for. Throws core::Error (22023) for a name that no standby can have, one that is named twice, a
// method other than FIRST and ANY, and a number that these standbys cannot make up. No names: nobody is required.
Names wanted(const std::vector<std::string>& names, std::string_view method, std::int64_t number);

bool same(const Names& one, const Names& other);

// Of those named, how many can confirm a commit now. Sessions of the same name count each, as they do for the server.
std::int64_t confirming(const Names& names, const std::vector<Sender>& senders);

// "1 of 2 named standbys has to confirm a commit; 1 can": for people.
std::string describe(const Names& names, const std::vector<Sender>& senders);

// Throws core::Error (55000) when a commit would wait for want of standbys; the hint names those that could be taken.
void refuse_waiting(const Names& names, const std::vector<Sender>& senders);

// Throws core::Error (55000) when the last synchronous standby would go.
void refuse_none(const Names& before, const Names& after);

// A standby for the report: one that is named, or that streams without being named.
struct Standby {
    std::string name;
    int priority = 0;  // its place in the list, all 1 with ANY; 0: not named
    std::string state;  // empty: not connected
    std::string sync_state;
    bool confirms = false;
    std::string note;
};

// Those named in their order, each with its sessions, then those that are connected and not named.
std::vector<Standby> standbys(const Names& names, const std::vector<Sender>& senders);

}  // namespace synchronous
