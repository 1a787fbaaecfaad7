// What the primary tells about itself before anything is changed. Gathering only reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/compression.hpp"
#include "tool/link.hpp"
#include "tool/shared_ground.hpp"

namespace cloning {

struct Tablespace {
    std::string name, location;
    std::uint64_t bytes = 0;  // 0 when it cannot be told
};

struct SlotFacts {
    bool exists = false, active = false, physical = false;
    std::string wal_status;
};

struct RoleFacts {
    bool exists = false;
    bool ours = false;      // made by pg_replica: it bears the mark
    bool in_use = false;    // a walsender runs for it
};

// One try to log in for replication as the standby will.
struct LoginFacts {
    bool succeeded = false;
    std::string system_identifier;
    std::string password;         // that was used; empty when none was needed
    conninfo::Parameters login;   // what it succeeded with
    std::string problem, hint;    // when it failed
};

struct PrimaryFacts {
    int version = 0;  // server_version_num
    bool in_recovery = false;
    std::string system_identifier;
    std::string extension_version;   // empty: not created in this database
    bool extension_available = false;
    bool is_superuser = false;
    std::string wal_level;
    int free_walsenders = 0, max_wal_senders = 0;
    int free_slots = 0, max_replication_slots = 0;
    int standbys = 0;                // physical slots and streaming standbys now
    std::uint64_t bytes = 0;         // of all tablespaces; 0 when it cannot be told
    std::uint64_t wal_segment_size = 0, max_wal_size = 0;  // bytes
    std::string data_directory, config_file, hba_file, ident_file;  // empty without the right to see them
    bool group_access = false;
    bool checksums = false;
    bool slots_are_bounded = false;  // max_slot_wal_keep_size is set
    std::string synchronous_standby_names, archive_mode, archive_command, restore_command;
    std::map<std::string, std::string> limits;  // the five that a standby needs at least as large, by name
    std::map<std::string, std::string> default_limits;  // what they are where nothing sets them
    std::vector<std::string> command_line_limits;  // those of them that no file holds
    std::vector<std::string> travelling_limits;    // those that come to the standby whatever its postgresql.conf says
    std::string socket_directories;  // unix_socket_directories; empty without the right to see them
    std::vector<Tablespace> tablespaces;
    std::string client_address;      // of this host as the primary sees it; empty over a Unix-domain socket
    std::string host, port, user, dbname;  // of the connection in use
    bool uses_tls = false;
    std::string admission;           // decision for the role: accept, reject, no match; empty when it cannot be told
    std::string admission_reason;
    // what to GRANT to user before it may clone: "EXECUTE ON FUNCTION replica.create_slot(text)"; empty for a superuser
    std::vector<std::string> missing_rights;
    compression::Facts compression;
    shared_ground::Facts ground;
    SlotFacts slot;
    RoleFacts role;
    LoginFacts login;

    int major() const { return version / 10000; }
    // postgresql.conf lies in the data directory, or may not be seen.
    bool config_is_inside() const;
    // The role is this standby's own: clone --prepare may give it a new password.
    bool will_renew_password(const Options& options) const;
};

PrimaryFacts gather(world::World& world, tool::Link& primary, const Options& options);

// Tries to log in for replication with the parameters of the link but another role and password; an empty password
// leaves it to the password file: the named one, or else the user's. Never throws for a refused login.
LoginFacts try_login(world::World& world, tool::Link& primary, const std::string& role, const std::string& password,
                     world::Prompt prompt, const std::string& passfile = "");

}  // namespace cloning
