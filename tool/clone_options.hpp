// What the user asks of clone, and what follows from it alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/connection.hpp"
#include "tool/debian.hpp"

namespace cloning {

struct Options {
    connection::Options connection;
    std::string directory;         // -D: the standby's data directory, canonical and absolute
    std::string name;              // application_name and, in its legal form, slot name of the standby
    std::string slot;
    std::string replication_user;
    std::string login_passfile;    // that the directory's server has used so far; tried before the user's own
    bool role_is_own = false;      // the role's name was derived from the standby's: no other standby uses it
    int connection_limit = -1;     // of a role that this run creates; -1: none
    int port = 0;                  // of the standby's server
    std::string config_dir;        // where postgresql.conf, pg_hba.conf and pg_ident.conf of the standby live; empty: -D
    std::optional<debian::Cluster> cluster;  // that config_dir is a place of
    std::string log;               // of the server that is started
    std::string waldir;
    std::vector<std::string> tablespace_mapping;  // OLD=NEW, as pg_basebackup -T takes them
    std::string checkpoint = "fast";
    std::string max_rate;
    std::string compress = "auto"; // see compression.hpp
    std::string bin_dir;           // of the PostgreSQL programs; empty: found by itself
    std::string os_user;
    std::string standby_address;   // as the primary sees this host; empty: the address of this connection
    int timeout = 300;             // seconds without any progress before a wait is given up
    std::string progress = "text"; // how progress is told on stderr: text or json
    bool from_standby = false;     // the source is a standby, and the new one follows it (cascade)
    bool prepare = false;
    bool no_start = false;
    bool no_verify = false;
    bool dry_run = false;
};

// What the user left to us follows from what is known: the name from host and port, slot and role from the name. Throws
// Failure (usage) or core::Error for words that cannot be meant.
void complete(world::World& world, Options& options);

// What pg_stat_replication shows of the standby; the server replaces what is not ASCII.
std::string application_name(const Options& options);

}  // namespace cloning
