// From facts about a standby or a server to health and the reason in words. Bytes come first, and no row, no right,
// a stale value and a true zero are four different answers (monitoring-stats, view pg_stat_replication).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace health {

// In the order of severity: what cannot be seen may be worse than a warning.
enum class Level { ok, warning, unknown, critical };

std::string_view text(Level level);

struct Verdict {
    Level level = Level::ok;
    std::string reason;  // worst first, separated by "; "; never empty
};

// What speaks against being well, collected in any order.
struct Findings {
    std::vector<Verdict> found;

    void add(Level level, std::string reason) { found.push_back({level, std::move(reason)}); }

    // The worst of what was found; ok and the reason otherwise when nothing was.
    Verdict summary(std::string otherwise) const;
};

// From where on bytes and silence count as trouble.
struct Thresholds {
    std::int64_t warning_bytes = 16LL << 20;
    std::int64_t critical_bytes = 1LL << 30;
    // a standby replies every wal_receiver_status_interval, 10 s by default: twice that is silence
    double silence_seconds = 20;
};

// What stands behind one session of pg_stat_replication, or behind a missing one.
enum class Session {
    none,       // nobody is connected
    hidden,     // somebody is, but the caller may not see who: the role lacks pg_monitor
    standby,    // replays what it receives
    backup,     // pg_basebackup, copy or WAL stream
    receiver,   // keeps WAL without replaying it: pg_receivewal
    logical,    // decodes: a subscriber
};

// One session as pg_stat_replication shows it.
struct SessionFacts {
    std::string application_name;
    std::optional<std::string> state;  // nothing: hidden
    bool in_database = false;          // connected to a database, or streaming from a logical slot
    bool writes = false;               // reported what it has written or flushed
    bool replays = false;              // reported what it has replayed
    std::string slot;                  // that it streams from; empty: none
};

Session kind_of(const SessionFacts& facts);

// One standby: a session, or a place where one should be.
struct Standby {
    Session session = Session::none;
    std::string name;                          // application_name, or the name it is listed under; may be empty
    std::string state;                         // of its walsender
    std::optional<std::int64_t> behind_bytes;  // end of WAL here - replayed there; nothing before its first reply
    std::optional<std::int64_t> flight_bytes;  // end of WAL here - flushed there
    std::optional<double> reply_age;           // seconds by two clocks: reply_time is the standby's
    double sender_timeout = 0;                 // wal_sender_timeout in seconds, 0 = none
    std::string slot;                          // empty: none
    std::optional<std::string> wal_status;     // of the slot
    std::optional<std::int64_t> retained_bytes;
    bool listed_synchronous = false;           // named by synchronous_standby_names
    int sessions_of_this_name = 1;
    bool upstream_is_standby = false;          // the rows are those of a cascading standby
};

Verdict judge(const Standby& standby, const Thresholds& thresholds = {});

// The lag to show, in seconds: 0 when nothing is missing, however long ago it was measured; growing while the standby is
// silent; nothing when it was never measured. pending: bytes that the standby has yet to confirm.
std::optional<double> shown_lag(std::optional<double> measured, std::optional<std::int64_t> pending,
                                const Standby& standby, const Thresholds& thresholds = {});

// A setting that a standby may not have less of than its primary.
struct Limit {
    std::string name;
    std::int64_t here = 0, on_primary = 0;
};

// A server that sends or receives WAL, by its own account.
struct Node {
    bool in_recovery = false;
    bool sees_receiver = true;                     // false: the role lacks pg_monitor
    std::optional<std::string> receiver_status;    // nothing: no WAL receiver runs
    bool file_based = false;                       // restore_command, and no primary_conninfo
    bool follows_itself = false;
    std::optional<double> message_age;             // seconds since the upstream's last message, one clock
    double receiver_timeout = 0;                   // wal_receiver_timeout in seconds, 0 = none
    std::string pause_state;                       // "not paused", "pause requested", "paused"
    std::vector<Limit> limits;                     // looked at while replay is paused only
    std::string replay_wait;                       // wait event of the startup process when it is a recovery conflict
    std::string replay_blocker;                    // process that it waits for; empty: cannot be seen
    std::optional<std::int64_t> unreplayed_bytes;  // received, not replayed
    std::vector<std::string> pending_restart;      // settings whose new values wait for a restart
    bool archiver_failing = false;
    int synchronous_required = 0;
    std::optional<int> synchronous_streaming;      // standbys that can confirm a commit; nothing: cannot be seen
};

Verdict judge(const Node& node, const Thresholds& thresholds = {});

// True if a receiver that connects to host:port reaches the server that it runs in.
bool follows_itself(std::string_view host, int port, int own_port, std::string_view listen_addresses,
                    std::string_view socket_directories);

// 1536 -> "1.5 kB", in steps of 1024 with the units of PostgreSQL.
std::string bytes(std::int64_t count);

}  // namespace health
