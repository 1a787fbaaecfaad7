// The part of core/health.hpp that judges a server by its own account.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/health.hpp"

namespace health {

namespace {

// the upstream may take this much longer than wal_receiver_timeout / 2 to answer a ping
constexpr double slack_seconds = 5;

void judge_receiver(const Node& node, Findings& findings) {
    if (!node.receiver_status) {
        if (node.file_based) return;
        return findings.add(Level::critical, "no WAL receiver runs: nothing arrives from the primary; see the server log");
    }
    const std::string& status = *node.receiver_status;
    if (status == "waiting")
        findings.add(Level::critical, "the WAL receiver waits: the upstream has nothing to send on this timeline, or this "
                                      "server is ahead of it and has diverged");
    else if (status != "streaming")
        findings.add(Level::warning, fmt::format("the WAL receiver is {}", status));
}

void judge_silence(const Node& node, Findings& findings) {
    if (!node.message_age || node.receiver_timeout <= 0) return;
    // after half of wal_receiver_timeout the receiver asks the upstream for a sign of life
    if (*node.message_age > node.receiver_timeout / 2 + slack_seconds)
        findings.add(Level::critical, fmt::format("no message from the upstream for {:.0f} s: it may be frozen or the "
                                                  "link cut",
                                                  *node.message_age));
}

std::string way_out(const Node& node) {
    return node.replay_blocker.empty() ? std::string()
                                       : fmt::format(": SELECT pg_terminate_backend({}) ends it", node.replay_blocker);
}

// Why replay is paused. The control file tells the primary's limits; who else has paused it is known to nobody.
std::string cause_of_pause(const Node& node) {
    std::vector<std::string> small;
    for (const Limit& limit : node.limits)
        if (limit.here < limit.on_primary)
            small.push_back(fmt::format("{} ({} here, {} there)", limit.name, limit.here, limit.on_primary));
    if (small.empty()) return "by pg_wal_replay_pause() or a recovery target; the server log says which";
    return fmt::format("a limit below the primary's, {}; raise it here and restart this server", fmt::join(small, ", "));
}

void judge_pause(const Node& node, std::int64_t waiting, Findings& findings) {
    if (node.pause_state == "not paused") return;
    if (node.pause_state != "paused") return findings.add(Level::warning, "a pause of replay is requested");
    findings.add(Level::warning, fmt::format("replay is paused with {} to replay: {}", bytes(waiting), cause_of_pause(node)));
}

void judge_replay(const Node& node, const Thresholds& thresholds, Findings& findings) {
    const std::int64_t waiting = node.unreplayed_bytes.value_or(0);
    judge_pause(node, waiting, findings);
    if (!node.replay_wait.empty())
        findings.add(Level::warning, fmt::format("replay waits for a query ({}){}", node.replay_wait, way_out(node)));
    if (waiting < thresholds.warning_bytes) return;
    findings.add(waiting < thresholds.critical_bytes ? Level::warning : Level::critical,
                 fmt::format("{} received but not replayed", bytes(waiting)));
}

void judge_standby(const Node& node, const Thresholds& thresholds, Findings& findings) {
    if (node.follows_itself) findings.add(Level::critical, "the WAL receiver is connected to this very server");
    if (node.sees_receiver)
        judge_receiver(node, findings);
    else
        findings.add(Level::unknown, "this role may not see the WAL receiver: GRANT pg_monitor to it");
    judge_silence(node, findings);
    judge_replay(node, thresholds, findings);
}

void judge_synchronous(const Node& node, Findings& findings) {
    if (node.synchronous_required == 0) return;
    if (!node.synchronous_streaming)
        return findings.add(Level::unknown, "this role may not see the synchronous standbys: GRANT pg_monitor to it");
    if (*node.synchronous_streaming < node.synchronous_required)
        findings.add(Level::critical,
                     fmt::format("commits wait: synchronous_standby_names wants {} of its standbys, {} can confirm",
                                 node.synchronous_required, *node.synchronous_streaming));
}

// wal_log_hints serves pg_rewind, some day; replication is as well without it.
void judge_restart(const Node& node, Findings& findings) {
    std::vector<std::string> names = node.pending_restart;
    names.erase(std::remove(names.begin(), names.end(), "wal_log_hints"), names.end());
    if (!names.empty())
        findings.add(Level::warning, fmt::format("settings wait for a restart: {}", fmt::join(names, ", ")));
}

bool contains_item(std::string_view list, std::string_view item) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view entry = list.substr(0, comma);
        while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
        while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
        if (entry == item) return true;
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
    return false;
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || host.substr(0, 4) == "127.";
}

}  // namespace

Verdict judge(const Node& node, const Thresholds& thresholds) {
    Findings findings;
    if (node.in_recovery)
        judge_standby(node, thresholds, findings);
    else
        judge_synchronous(node, findings);
    if (node.archiver_failing) findings.add(Level::critical, "archiving fails: WAL piles up; see the server log");
    judge_restart(node, findings);
    return findings.summary(!node.in_recovery ? "a primary"
                            : node.receiver_status ? "a standby that receives and replays"
                                                   : "a standby that replays from files");
}

bool follows_itself(std::string_view host, int port, int own_port, std::string_view listen_addresses,
                    std::string_view socket_directories) {
    if (host.empty() || port != own_port) return false;
    if (host.front() == '/' || host.front() == '@') return contains_item(socket_directories, host);
    if (contains_item(listen_addresses, host)) return true;
    if (!is_loopback(host)) return false;
    for (const char* everywhere : {"*", "0.0.0.0", "::", "localhost"})
        if (contains_item(listen_addresses, everywhere)) return true;
    return false;
}

}  // namespace health
