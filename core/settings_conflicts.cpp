// What the next start would fail on, and in which order servers have to be restarted.
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "core/settings.hpp"

namespace settings {

namespace {

constexpr std::int64_t most_processes = 0x3FFFF;  // MAX_BACKENDS

}  // namespace

std::vector<std::string> conflicts(const Facts& facts) {
    const auto later = [&facts](const char* name) { return measure(name, facts.get(name).at_restart); };
    const std::int64_t slots = facts.physical_slots + facts.logical_slots;
    const bool minimal = later("wal_level") < 1;
    std::vector<std::string> found;
    const auto check = [&found](bool wrong, std::string sentence) {
        if (wrong) found.push_back(std::move(sentence));
    };
    check(minimal && later("max_wal_senders") > 0,
          "max_wal_senders above 0 needs wal_level replica or logical.");
    check(minimal && later("archive_mode") > 0, "archive_mode on needs wal_level replica or logical.");
    check(minimal && facts.summarize_wal, "summarize_wal on needs wal_level replica or logical.");
    check(minimal && slots > 0,
          fmt::format("{} replication slots need wal_level replica or logical.", slots));
    check(facts.logical_slots > 0 && !minimal && later("wal_level") < 2 && !facts.logical_on_demand,
          fmt::format("{} logical replication slots need wal_level logical.", facts.logical_slots));
    check(slots > later("max_replication_slots"),
          fmt::format("{} replication slots exist, max_replication_slots would be {}.", slots,
                      later("max_replication_slots")));
    check(facts.walsenders > later("max_wal_senders"),
          fmt::format("{} WAL senders run, max_wal_senders would be {}.", facts.walsenders,
                      later("max_wal_senders")));
    check(later("max_wal_senders") + facts.other_processes > most_processes,
          fmt::format("max_wal_senders of {} and {} other processes are more than the server can have.",
                      later("max_wal_senders"), facts.other_processes));
    check(facts.reserved_connections >= facts.max_connections,
          fmt::format("superuser_reserved_connections of {} with what else is reserved leaves nothing of max_connections = {}.",
                      facts.reserved_connections, facts.max_connections));
    return found;
}

void check_standbys_are_raised(const Facts& facts, const Wishes& wishes, const std::vector<Requirement>& plan) {
    if (facts.standbys.empty() || wishes.standbys_raised) return;
    for (const Requirement& requirement : plan) {
        const std::string& name = requirement.name;
        if (name != "max_wal_senders" || !requirement.to_write) continue;
        const std::string& running = facts.get(name).running;
        if (measure(name, *requirement.to_write) <= measure(name, running)) continue;
        throw core::Error(
            core::sqlstate::object_not_in_prerequisite_state, "connected standbys have to be raised first",
            fmt::format("{} would go from {} to {} at the next start of this server. A standby with less pauses its "
                        "replay then, and does not start again; this server cannot see their values. Connected: {}.",
                        name, running, *requirement.to_write, facts.standbys),
            fmt::format("On each of them: ALTER SYSTEM SET {} = {}; and restart it. Then call replica.set_settings here "
                        "with standbys_raised => true, and restart this server last.",
                        name, name::quote_literal(*requirement.to_write)));
    }
}

}  // namespace settings
