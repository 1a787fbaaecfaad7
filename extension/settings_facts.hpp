// What the catalogue says about the settings of replication.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/settings.hpp"
#include "extension/server/function.hpp"

namespace settings {

// What people want to see of a setting, beyond what core::settings reckons with.
struct Details {
    std::string shown;  // with its unit, as SHOW prints it
    std::string source;
    pg::Value sourcefile;  // nothing for callers without pg_read_all_settings
    bool needs_restart;
    bool pending_restart;
    pg::Value own;      // the value in postgresql.auto.conf
    std::string below;  // what would count without that
};

struct Gathered {
    Facts facts;
    std::map<std::string, Details> details;
};

// A query for the names of the standbys that are connected, with commas; NULL when there is none. Logical subscribers,
// copies and pg_receivewal are left out: no limit of this server stops them.
inline constexpr const char* connected_standbys =
    "SELECT string_agg(DISTINCT r.application_name, ', ') FROM pg_catalog.pg_stat_replication r"
    " WHERE r.replay_lsn IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s"
    "                                                 WHERE s.active_pid = r.pid AND s.slot_type = 'logical')";

// Values of the next start are read from the configuration files; a caller who may not read them gets the
// running values instead.
Gathered gather();

// True when the caller may read the configuration files, with pg_show_all_file_settings().
bool may_read_files();

}  // namespace settings
