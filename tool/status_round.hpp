// The servers that one status looks at: those that were named and, when asked for, the standbys that these know of.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tool/probe.hpp"

namespace status_round {

struct Target {
    conninfo::Parameters parameters;
    world::Prompt prompt = world::Prompt::never;
};

// Where the standbys of a server are looked for: at the address that they stream from, on this port.
struct Further {
    std::string port;  // empty: the port of the server that they stream from
};

class Round {
 public:
    Round(world::Database& database, const std::vector<Target>& targets, probe::Question question, std::optional<Further> further);

    // One look at each: all that were named at once, then level by level the standbys of those that answered, each server
    // once. Sessions are kept for the next look. Of each server, upstream names the one of the answer that it streams from.
    // A server of another cluster, or a primary, at a standby's address is an error of that place.
    std::vector<render::Server> look();

 private:
    std::vector<render::Server> look_at(const std::vector<probe::Probe*>& probes);
    std::vector<probe::Probe*> below(const render::Server& server, const conninfo::Parameters& login);
    probe::Probe* find(const conninfo::Parameters& login, const std::string& address, const std::string& port);

    world::Database& database_;
    probe::Question question_;
    std::optional<Further> further_;
    std::vector<std::unique_ptr<probe::Probe>> named_;
    std::map<std::string, std::unique_ptr<probe::Probe>> found_;  // by name
};

// The addresses from which standbys of the server stream, each one that belongs to one standby only and can lead to it from
// elsewhere: an address of the server's own host does so only when the port is another one.
std::vector<std::string> addresses_below(const render::Server& server, bool other_port);

}  // namespace status_round
