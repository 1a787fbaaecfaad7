// Who else owns the configuration of a server: high-availability tools, operators of Kubernetes and managed services
// write it themselves, and what ALTER SYSTEM sets beside them is lost, has no effect, or differs between their nodes.
// Judged from traces that they leave; pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace owner {

struct Facts {
    std::string header;                 // the beginning of the main configuration file
    std::vector<std::string> files;     // paths of the files that settings come from
    std::vector<std::string> prefixes;  // of the custom settings: "rds" for rds.extensions
    std::string data_directory;
    std::string archive_command;
    std::string ssl_cert_file;
};

enum class Kind { patroni, zalando, crunchy, cloudnativepg, auto_failover, rds, cloud_sql, azure, unknown };

struct Owner {
    Kind kind;
    std::string name;      // "Patroni"
    std::string evidence;  // a sentence: what it was seen by
};

// Nothing when no trace was found, which is no proof.
std::optional<Owner> find(const Facts& facts);

// True when what ALTER SYSTEM writes counts and stays all the same.
bool tolerates_alter_system(const Owner& owner);

// How the owner itself changes these settings, for people: a command or where to write what.
std::string command(const Owner& owner, const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace owner
