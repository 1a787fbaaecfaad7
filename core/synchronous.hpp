// synchronous_standby_names: who must have a commit before it counts (runtime-config-replication, syncrep_gram.y).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace synchronous {

struct Names {
    bool quorum = false;             // ANY: any of the listed; otherwise the first of them that stream
    int required = 0;                // standbys that must confirm each commit; 0 when the setting is empty
    std::vector<std::string> names;  // as written, without quotes; "*" stands for every standby
};

// Reads the setting as the server does; nothing when the server would refuse the text.
std::optional<Names> parse(std::string_view setting);

// Whether a standby of that application_name is listed; the server compares without regard to ASCII case.
bool lists(const Names& names, std::string_view application_name);

// Whether two standby names are the same to the server.
bool same_name(std::string_view one, std::string_view other);

// The setting that says so, each name quoted; empty when nobody is required.
std::string text(const Names& names);

}  // namespace synchronous
