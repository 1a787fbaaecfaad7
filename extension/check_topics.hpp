// The checks behind replica.check, by what they look at; each returns one finding.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "extension/server/function.hpp"

namespace checks {

// The line of pg_hba.conf that decides about the role and the address.
struct Decision {
    std::string verdict;  // "accept", "reject", "no match", ...
    pg::Value method;
    std::string place;    // "file:line", empty where no line decides
    std::string explanation;
};

// What was asked, and what several checks need.
struct Context {
    std::int64_t standbys;
    pg::Value role_name;
    pg::Value address;
    bool tls;

    std::map<std::string, Setting> settings;
    bool in_recovery;
    std::string caller;                // quoted
    std::optional<Role> role;          // nothing: not asked for, or there is none
    std::optional<Decision> decision;  // nothing: not asked for, or it cannot be seen
    std::vector<std::string> pending_restart;  // settings whose new values wait for a restart

    const Setting& setting(const char* name) const { return settings.at(name); }
    bool waits_for_restart(std::string_view name) const {
        return std::find(pending_restart.begin(), pending_restart.end(), name) != pending_restart.end();
    }
    std::string grant_monitor() const { return "GRANT pg_monitor TO " + caller + ";"; }
};

// check_server.cpp: what the server allows
Finding primary(const Context& context);
Finding wal_level(const Context& context);
Finding max_wal_senders(const Context& context);
Finding max_replication_slots(const Context& context);
Finding connections(const Context& context);
Finding listen_addresses(const Context& context);
Finding read_only(const Context& context);
Finding restarts(const Context& context);
Finding configuration_files(const Context& context);
Finding hba_file(const Context& context);

// check_access.cpp: whom it lets in
Finding role(const Context& context);
Finding login(const Context& context);
Finding replication(const Context& context);
Finding expiry(const Context& context);
Finding connection_limit(const Context& context);
Finding password(const Context& context);
Finding admission(const Context& context);

// check_wal.cpp: what happens to WAL and to what it does not carry
Finding synchronous_standbys(const Context& context);
Finding archiver(const Context& context);
Finding slot_retention(const Context& context);
Finding inactive_slots(const Context& context);
Finding full_page_writes(const Context& context);
Finding rewind(const Context& context);
Finding unlogged_tables(const Context& context);
Finding tablespaces(const Context& context);
Finding standby_names(const Context& context);

// check_configuration.cpp: whose the configuration is, and what the next start makes of it
Finding configuration_owner(const Context& context);
Finding alter_system(const Context& context);
Finding next_start(const Context& context);
Finding standby_limits(const Context& context);
Finding extension_version(const Context& context);

// check_storage.cpp: what lies on the disk
Finding wal_space(const Context& context);
Finding data_directory(const Context& context);
Finding collations(const Context& context);
Finding data_checksums(const Context& context);

}  // namespace checks
