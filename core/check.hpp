// What stands in the way of a standby, judged from facts: no server, no I/O. Each finding names the fact in detail and,
// where it is not ok, what mends it in hint. The namespace is checks, as the SQL function holds the name check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace checks {

enum class Status { ok, warning, error };

std::string_view text(Status status);

struct Finding {
    Status status = Status::ok;
    std::string detail;  // a sentence
    std::string hint;    // SQL, or a sentence where no SQL mends it; empty when all is well
};

inline Finding ok(std::string detail) { return {Status::ok, std::move(detail), {}}; }
inline Finding warning(std::string detail, std::string hint) {
    return {Status::warning, std::move(detail), std::move(hint)};
}
inline Finding error(std::string detail, std::string hint) {
    return {Status::error, std::move(detail), std::move(hint)};
}

// A setting as pg_settings shows it.
struct Setting {
    std::string name;
    std::string value;
    std::string source;  // pg_settings.source: "configuration file", "command line", ...
};

// What sets a parameter: ALTER SYSTEM and what makes it take effect, or where it is fixed against that (A08).
std::string how_to_set(const Setting& setting, std::string_view value, bool needs_restart);

// Walsenders or slots: of as many as the setting allows, used are taken and needed are wanted.
Finding capacity(const Setting& setting, std::int64_t used, std::int64_t needed, std::string_view unit);

// The attributes of the role that standbys log in with, as pg_roles shows them.
struct Role {
    std::string name;
    bool can_login = false;
    bool replication = false;
    bool superuser = false;
    bool expired = false;
    std::string valid_until;             // empty: for ever
    std::int64_t connection_limit = -1;  // -1: none
    std::int64_t connections = 0;        // now open
};

Finding role_login(const Role& role);
Finding role_replication(const Role& role);
// method: of the pg_hba.conf line that decides; nothing when that is not known. VALID UNTIL ends the password, not the role.
Finding role_expiry(const Role& role, const std::optional<std::string>& method);
Finding role_connections(const Role& role, std::int64_t needed);

// The stored password against the method of the pg_hba.conf line that decides; nothing when that is not known.
// stored: rolpassword as pg_authid holds it, which is a hash (auth-password); nothing when there is none.
Finding role_password(const std::string& role, const std::optional<std::string>& stored,
                      const std::optional<std::string>& method);

// listen_addresses against the address of a standby; an empty address stands for a Unix-domain socket.
Finding listening(const Setting& listen_addresses, std::string_view address);

// Walsenders that standbys more take when they are cloned one after the other: one each and two for a clone, as
// set_settings counts them.
std::int64_t walsenders_for(std::int64_t standbys);

// Sessions of one role that the last of its standbys needs while it is cloned: it copies and streams at once.
std::int64_t sessions_for(std::int64_t standbys);

// Settings whose new values wait for a restart: an error where a clone depends on one. grants let a caller read the
// files who may not; without them nobody can tell a value that was taken back, so nothing is called an error then.
Finding pending_restart(const std::vector<std::string>& names, std::string_view grants = {});

// A limit that standbys have to have at least as large, with a larger value for the next start.
struct Raised {
    std::string name, running, later;
};

// The order of restarts that such limits ask for; standbys are the names of those that are connected.
Finding raised_limits(const std::vector<Raised>& limits, const std::string& standbys);

// Whether the disk of pg_wal outlasts what slots may retain; bytes.
Finding room_for_wal(const Setting& max_slot_wal_keep_size, std::int64_t free, std::int64_t total, std::int64_t slots);

}  // namespace checks
