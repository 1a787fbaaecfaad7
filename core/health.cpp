#include "core/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace health {

namespace {

// clocks and scheduling: within this, a date is as expected
constexpr double slack_seconds = 5;
// small records are replayed in less
constexpr double quiet_seconds = 2;

std::string quoted(std::string_view name) { return fmt::format("\"{}\"", name); }

// The session would have been ended before its last reply got as old as this: the clocks disagree.
bool beyond_timeout(const Standby& standby) {
    return standby.sender_timeout > 0 && standby.reply_age &&
           *standby.reply_age > standby.sender_timeout + slack_seconds;
}

bool is_silent(const Standby& standby, const Thresholds& thresholds) {
    return standby.reply_age && *standby.reply_age > thresholds.silence_seconds && !beyond_timeout(standby);
}

// A standby reports at once that it has replayed all it has; one that has all and is quiet about it does not get on.
bool stands_still(const Standby& standby) {
    return standby.flight_bytes == 0 && standby.behind_bytes.value_or(0) > 0 &&
           standby.reply_age.value_or(0) > quiet_seconds;
}

void judge_slot(const Standby& standby, Findings& findings) {
    if (!standby.wal_status) return;
    if (*standby.wal_status == "lost")
        findings.add(Level::critical, fmt::format("slot {} has lost WAL that its standby needs: clone the standby again",
                                                  quoted(standby.slot)));
    if (*standby.wal_status == "unreserved")
        findings.add(standby.session == Session::none ? Level::critical : Level::warning,
                     fmt::format("slot {} is beyond max_slot_wal_keep_size: the next checkpoint may remove WAL that its "
                                 "standby needs",
                                 quoted(standby.slot)));
}

void judge_absence(const Standby& standby, Findings& findings) {
    if (standby.listed_synchronous)
        findings.add(Level::critical,
                     fmt::format("absent: synchronous_standby_names lists {}, and no standby of that name is connected",
                                 quoted(standby.name)));
    if (standby.slot.empty()) return;
    if (!standby.retained_bytes)
        return findings.add(Level::warning, fmt::format("absent: nobody streams from slot {}, which reserves no WAL",
                                                        quoted(standby.slot)));
    // on a standby, slots are kept in reserve for the day of its promotion
    findings.add(standby.upstream_is_standby ? Level::warning : Level::critical,
                 fmt::format("absent: nobody streams from slot {}, which retains {} of WAL", quoted(standby.slot),
                             bytes(*standby.retained_bytes)));
}

void judge_state(const Standby& standby, Findings& findings) {
    if (standby.state == "catchup")
        findings.add(Level::warning, "catching up: it streams WAL that others have had");
    else if (standby.state == "startup")
        findings.add(Level::warning, "starting: the session does not stream yet; if it stays so, the standby may have "
                                     "diverged: see its log");
    else if (standby.state == "stopping")
        findings.add(Level::warning, "stopping: this server shuts down");
    else if (standby.state != "streaming")
        findings.add(Level::warning, fmt::format("in state {}", quoted(standby.state)));
}

void judge_lag(const Standby& standby, const Thresholds& thresholds, Findings& findings) {
    if (!standby.behind_bytes)
        return findings.add(Level::warning, "it has not reported yet what it has replayed");
    const std::int64_t behind = *standby.behind_bytes;
    if (stands_still(standby))
        return findings.add(behind < thresholds.critical_bytes ? Level::warning : Level::critical,
                            fmt::format("all WAL has arrived, {} are not replayed: replay may be paused or held up by a "
                                        "query",
                                        bytes(behind)));
    if (behind < thresholds.warning_bytes) return;
    findings.add(behind < thresholds.critical_bytes ? Level::warning : Level::critical,
                 fmt::format("{} behind: replay may be slow, paused or held up by a query", bytes(behind)));
}

void judge_silence(const Standby& standby, const Thresholds& thresholds, Findings& findings) {
    if (!standby.reply_age) return;
    const double age = *standby.reply_age;
    if (beyond_timeout(standby))
        return findings.add(Level::warning,
                            fmt::format("its last reply is dated {:.0f} s ago, beyond wal_sender_timeout: its clock is "
                                        "behind, or it is silent",
                                        age));
    if (age < -slack_seconds)
        return findings.add(Level::warning, fmt::format("its clock is {:.0f} s ahead of this server's", -age));
    if (!is_silent(standby, thresholds)) return;
    // after half of wal_sender_timeout a reply was asked for
    const bool asked = standby.sender_timeout > 0 && age > standby.sender_timeout / 2 + slack_seconds;
    findings.add(asked ? Level::critical : Level::warning,
                 fmt::format("silent for {:.0f} s: the standby may be frozen, the link cut or its clock behind", age));
}

void judge_name(const Standby& standby, Findings& findings) {
    if (standby.sessions_of_this_name < 2) return;
    findings.add(Level::warning, fmt::format("{} sessions share the application_name {}",
                                             standby.sessions_of_this_name, quoted(standby.name)));
}

void judge_session(const Standby& standby, const Thresholds& thresholds, Findings& findings) {
    judge_state(standby, findings);
    judge_lag(standby, thresholds, findings);
    judge_silence(standby, thresholds, findings);
    judge_name(standby, findings);
}

}  // namespace

Verdict Findings::summary(std::string otherwise) const {
    if (found.empty()) return {Level::ok, std::move(otherwise)};
    std::vector<Verdict> sorted = found;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Verdict& one, const Verdict& other) { return one.level > other.level; });
    Verdict result = sorted.front();
    for (std::size_t i = 1; i < sorted.size(); ++i) result.reason += "; " + sorted[i].reason;
    return result;
}

std::string_view text(Level level) {
    static constexpr std::array<std::string_view, 4> names = {"ok", "warning", "unknown", "critical"};
    return names[static_cast<std::size_t>(level)];
}

Session kind_of(const SessionFacts& facts) {
    if (facts.in_database) return Session::logical;
    if (!facts.state) return Session::hidden;
    if (*facts.state == "backup") return Session::backup;
    if (facts.replays) return Session::standby;
    // pg_basebackup streams WAL beside its copy, under whatever name, from a temporary slot or none
    if (facts.application_name == "pg_basebackup" || facts.slot.substr(0, 14) == "pg_basebackup_") return Session::backup;
    if (facts.application_name == "pg_receivewal" || facts.writes) return Session::receiver;
    return Session::standby;
}

Verdict judge(const Standby& standby, const Thresholds& thresholds) {
    Findings findings;
    judge_slot(standby, findings);
    if (standby.session == Session::hidden)
        findings.add(Level::unknown, "a session is connected, but this role may not see its state: "
                                     "GRANT pg_monitor to it");
    if (standby.session == Session::none) judge_absence(standby, findings);
    if (standby.session == Session::standby) judge_session(standby, thresholds, findings);
    return findings.summary(standby.behind_bytes.value_or(0) == 0
                                            ? "streaming, nothing missing"
                                            : fmt::format("streaming, {} behind", bytes(*standby.behind_bytes)));
}

std::optional<double> shown_lag(std::optional<double> measured, std::optional<std::int64_t> pending,
                                const Standby& standby, const Thresholds& thresholds) {
    if (!pending) return std::nullopt;
    if (*pending <= 0) return 0;
    if (is_silent(standby, thresholds)) return measured.value_or(0) + *standby.reply_age;
    return measured;
}

std::string bytes(std::int64_t count) {
    static constexpr std::array<const char*, 5> units = {"kB", "MB", "GB", "TB", "PB"};
    if (count < 1024) return fmt::format("{} bytes", count);
    double value = static_cast<double>(count) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace health
