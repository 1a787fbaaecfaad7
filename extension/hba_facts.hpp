// What pg_hba.conf says now and what its meaning depends on, gathered inside the server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/hba_match.hpp"
#include "core/hba_rule.hpp"
#include "core/hba_token.hpp"

namespace hba {

// Throws core::Error (42501) that names every missing right and its GRANT, unless the caller is a superuser
// or may read pg_hba_file_rules. Our own reading of the file goes past PostgreSQL's checks, so this stands
// before it.
void check_may_read(const char* function);

// As check_may_read, for changing the file: a superuser, or a reader who is a member of pg_write_server_files
// and may call pg_reload_conf().
void check_may_edit(const char* function);

// The file and its rules.
struct Configuration {
    std::string path;  // as hba_file has it
    std::string content;
    Dialect dialect;
    std::vector<Rule> rules;
    double changed_at = 0;  // the newest of all files that were read, in seconds since 1970
};

// Reads hba_file and all that it includes. Throws core::Error when the file itself cannot be read.
Configuration read_configuration();

// The rules that a content of the main file would give.
std::vector<Rule> rules_of(const Configuration& configuration, const std::string& content);

// What the server itself makes of the files on disk.
struct ServerView {
    int rule_count = 0;
    std::vector<int> line_numbers;  // one for each rule, in order
    std::string error;              // empty: it would load them
    std::string error_file;
    int error_line = 0;
};

ServerView server_view(const Configuration& configuration);

// True if our reading and the server's cut the files into the same rules.
bool agree(const Configuration& configuration, const ServerView& view);

Surroundings surroundings(const Dialect& dialect);

// The roles that a role is a member of, directly or not, itself included; empty when there is no such role.
std::set<std::string> groups_of(const std::string& role);

// True if an address that is asked for is the Unix-domain socket: NULL, or the word that the file has for it.
inline bool is_local(const std::optional<std::string>& address) { return !address || *address == "local"; }

// An address or network as the inet type reads it.
struct Asked {
    Network network;  // host bits cleared
    int prefix = 0;
    bool has_host_bits = false;
};

// Throws core::Error (22023) for what the inet type does not take: host names, keywords, "10".
Asked read_address(const std::string& text);

}  // namespace hba
