// How long a replication slot can go on retaining WAL before its bound gives it up or the disk is full. Pure; see
// warm-standby "Replication Slots" and the view pg_replication_slots.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace slot_space {

struct Facts {
    bool reserves = false;                         // the slot has a restart_lsn
    std::optional<std::int64_t> safe_wal_size = {};  // bytes to max_slot_wal_keep_size; nothing without a bound
    std::optional<std::int64_t> free_bytes = {};     // of the file system of pg_wal; nothing when it does not tell
    bool in_recovery = false;
    bool has_statistics = true;  // pg_stat_wal exists (14)
    double wal_bytes = 0;        // written since the statistics were reset
    double seconds = 0;          // since then
};

struct Estimate {
    std::optional<std::int64_t> seconds;  // until the nearer of bound and full disk, if nobody advances the slot
    std::string basis;                    // the rate and the limit; without seconds: why there is no estimate
};

Estimate time_to_full(const Facts& facts);

}  // namespace slot_space
