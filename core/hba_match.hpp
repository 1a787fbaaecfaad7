// Which line of pg_hba.conf decides: the first whose type, address, database and user match, and its answer
// is final (auth-pg-hba-conf).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/hba_rule.hpp"

namespace hba {

// Who asks to connect, over what, from where, to what.
struct Request {
    std::string role;
    std::set<std::string>
        groups;  // the roles that it is a member of, itself included; empty if there is no such role
    Channel channel = Channel::plain;
    Network from;  // ignored for Channel::local; a whole network when it is to be admitted as one
    std::optional<std::string> database;  // nothing for physical replication
};

// What the answer depends on beyond the file.
struct Surroundings {
    std::vector<Network> interfaces;  // the server's own addresses with their network masks
    // Whether the server's regular expression engine finds the pattern in the text; patterns exist from 16
    // on.
    std::function<bool(const std::string& text, const std::string& pattern)> matches;
    bool regular_expressions = false;
};

enum class Fit {
    none,     // the rule is for others
    part,     // it takes some addresses of the network that asks
    whole,    // it decides for all of them
    unknown,  // its host name would have to be looked up
};

struct Match {
    Fit fit = Fit::none;
    std::string reason;  // for none and unknown: half a sentence; "is for TLS connections only"
};

// How one rule meets the request, dimension by dimension in the server's order.
Match match(const Rule& rule, const Request& request, const Surroundings& surroundings);

enum class Decision { accept, reject, no_match, unknown };

struct Verdict {
    Decision decision = Decision::no_match;
    const Rule* rule = nullptr;            // what decides; null for no_match
    std::vector<std::string> explanation;  // one sentence for each line up to the one that decides
};

// The answer for one connection. Rules must be free of errors. A request from a network is decided by the
// first rule that takes any of it.
Verdict decide(const std::vector<Rule>& rules, const Request& request, const Surroundings& surroundings);

// For an admission: does every address of request.from, over each of the channels, meet a rule that lets it
// in after it proved who it is? If so decided_by is the first of these rules; if not, before is the first
// rule that stands in the way (null: none does, the file just ends) and a new rule has to stand before it.
struct Admission {
    bool admitted = false;
    const Rule* decided_by = nullptr;
    const Rule* before = nullptr;
};

Admission admission(const std::vector<Rule>& rules, const Request& request, Channels channels,
                    const Surroundings& surroundings);

}  // namespace hba
