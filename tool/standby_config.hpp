// The configuration that makes a copied data directory a standby of its own: pure functions on texts.
#pragma once

#include <string>
#include <vector>

#include "core/conf.hpp"
#include "core/conninfo.hpp"

namespace standby_config {

// How the standby reaches its primary.
struct Upstream {
    conninfo::Parameters login;  // what the replication login succeeded with: host, port, user, sslmode, ...
    std::string passfile;        // empty when no password is needed
    std::string application_name;
};

// primary_conninfo: never a password, only the path of the passfile; notices a dead link within 30 seconds.
std::string primary_conninfo(const Upstream& upstream);

// The connection string for pg_basebackup: as above, and survives a slow disk (wal_sender_timeout is off), and notices a
// dead link within 15 seconds.
std::string copy_conninfo(const Upstream& upstream);

struct Result {
    std::string text;                // of postgresql.auto.conf
    std::vector<std::string> notes;  // what was inherited and left out, in words
};

// postgresql.auto.conf of the standby: what the copy brought along without the settings that must not travel, and own
// behind it. Values of own win.
Result auto_conf(const std::string& inherited, const std::vector<conf::Setting>& own);

// postgresql.auto.conf of a standby that keeps its own configuration: own in place of what it had, and no target that would
// end its recovery.
Result kept_conf(const std::string& present, const std::vector<conf::Setting>& own);

// A postgresql.conf made of the primary's settings (its files flattened, in their order), with the standby's own paths
// behind them.
std::string main_conf(const std::vector<conf::Setting>& settings, const std::string& directory, const std::string& hba_file,
                      const std::string& ident_file);

}  // namespace standby_config
