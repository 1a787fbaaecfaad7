#include "core/slot_space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/health.hpp"

namespace slot_space {

namespace {

// the rate of a shorter time says little about hours
constexpr double shortest = 30;

std::string why_not(const Facts& facts) {
    if (!facts.reserves) return "the slot retains no WAL";
    if (facts.in_recovery) return "a standby writes no WAL of its own";
    if (!facts.has_statistics) return "the server counts its WAL from PostgreSQL 14 on";
    if (facts.seconds < shortest) return "the WAL statistics are younger than 30 seconds";
    if (facts.wal_bytes <= 0) return "no WAL was written since the statistics were reset";
    if (!facts.safe_wal_size && !facts.free_bytes) return "the free space of pg_wal cannot be read";
    return {};
}

bool bound_comes_first(const Facts& facts) {
    return facts.safe_wal_size && (!facts.free_bytes || *facts.safe_wal_size <= *facts.free_bytes);
}

std::string length(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} seconds", seconds);
    if (seconds < 2 * 3600) return fmt::format("{:.0f} minutes", seconds / 60);
    if (seconds < 2 * 86400) return fmt::format("{:.0f} hours", seconds / 3600);
    return fmt::format("{:.0f} days", seconds / 86400);
}

}  // namespace

Estimate time_to_full(const Facts& facts) {
    const std::string reason = why_not(facts);
    if (!reason.empty()) return {std::nullopt, reason};
    const bool bounded = bound_comes_first(facts);
    const std::int64_t room = std::max<std::int64_t>(bounded ? *facts.safe_wal_size : *facts.free_bytes, 0);
    const double rate = facts.wal_bytes / facts.seconds;
    // a century is for ever, and what an interval of the server holds
    const double seconds = std::min(static_cast<double>(room) / rate, 100.0 * 365 * 86400);
    return {static_cast<std::int64_t>(seconds),
            fmt::format("{} of WAL an hour on the mean of the last {}; then {}",
                        health::bytes(static_cast<std::int64_t>(rate * 3600)), length(facts.seconds),
                        bounded ? "max_slot_wal_keep_size is reached" : "the disk of pg_wal is full")};
}

}  // namespace slot_space
