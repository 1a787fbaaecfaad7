#include "tool/status_round.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <set>

#include "core/error.hpp"

namespace status_round {

namespace {

using Servers = std::vector<render::Server>;

constexpr std::size_t most_servers = 256;  // more than anybody has: a circle of addresses

bool is_loopback(const std::string& address) { return address == "::1" || address.substr(0, 4) == "127."; }

render::Value column_of(const render::Server& server, const char* column) {
    return size(server.node) == 0 ? render::Value{} : render::Record{server.node, 0}(column);
}

// An address is no identity: behind it may stand a server that has nothing to do with this cluster.
void refuse_stranger(render::Server& server, const render::Server& upstream) {
    if (server.error) return;
    const bool same = column_of(server, "system_identifier") == column_of(upstream, "system_identifier");
    if (same && column_of(server, "role") == "standby") return;
    server.error = core::Error(
        core::sqlstate::object_not_in_prerequisite_state,
        fmt::format("no standby of {} at {}", upstream.name, server.name),
        same ? "A standby streams from that address; the server that answers there is a primary."
             : "A standby streams from that address; the server that answers there belongs to another cluster.",
        "Name the standby's server with --server, or its port with --standby-port.");
    server.error_level = health::Level::unknown;
    server.node = server.standbys = server.slots = {};
}

// Those that were named one by one: the receiver says where it is connected to, in the words of its primary_conninfo.
void connect_named(Servers& servers) {
    for (render::Server& server : servers) {
        if (!server.upstream.empty()) continue;
        const std::string sender = column_of(server, "sender_host").value_or("") + ":" + column_of(server, "sender_port").value_or("");
        for (const render::Server& other : servers)
            if (other.name == sender && &other != &server) server.upstream = other.name;
    }
}

}  // namespace

std::vector<std::string> addresses_below(const render::Server& server, bool other_port) {
    std::map<std::string, int> streams;
    for (std::size_t i = 0; i < size(server.standbys); ++i) {
        const render::Record standby{server.standbys, i};
        if (standby("pid") && standby("client_addr")) ++streams[*standby("client_addr")];
    }
    std::vector<std::string> addresses;
    for (const auto& [address, count] : streams)
        if (count == 1 && (other_port || !is_loopback(address))) addresses.push_back(address);
    return addresses;
}

Round::Round(world::Database& database, const std::vector<Target>& targets, probe::Question question, std::optional<Further> further)
    : database_(database), question_(std::move(question)), further_(std::move(further)) {
    for (const Target& target : targets)
        named_.push_back(std::make_unique<probe::Probe>(database, target.parameters, target.prompt, question_));
}

// All at once: a server that does not answer holds up no other.
Servers Round::look_at(const std::vector<probe::Probe*>& probes) {
    if (probes.size() == 1) return {probes[0]->look()};
    std::vector<std::future<render::Server>> looks;
    for (probe::Probe* probe : probes) looks.push_back(std::async(std::launch::async, [probe] { return probe->look(); }));
    Servers servers;
    for (auto& look : looks) servers.push_back(look.get());
    return servers;
}

probe::Probe* Round::find(const conninfo::Parameters& login, const std::string& address, const std::string& port) {
    conninfo::Parameters parameters = login;
    // no password goes to an address that nobody named: libpq finds it in the password file, or PGPASSWORD holds it
    for (const char* keyword : {"hostaddr", "service", "target_session_attrs", "password"}) parameters.set(keyword, "");
    parameters.set("host", address);
    parameters.set("port", port);
    auto probe = std::make_unique<probe::Probe>(database_, parameters, world::Prompt::never, question_);
    return found_.try_emplace(probe->name(), std::move(probe)).first->second.get();
}

std::vector<probe::Probe*> Round::below(const render::Server& server, const conninfo::Parameters& login) {
    std::vector<probe::Probe*> probes;
    // that of a server which goes by a service's name is known once it is connected to
    const std::string own_port = login.has("port") ? login.get("port") : server.name.substr(server.name.rfind(':') + 1);
    for (const std::string& address : addresses_below(server, !further_->port.empty()))
        probes.push_back(find(login, address, further_->port.empty() ? own_port : further_->port));
    return probes;
}

Servers Round::look() {
    std::vector<probe::Probe*> probes;
    for (const auto& probe : named_) probes.push_back(probe.get());
    Servers servers = look_at(probes);
    std::set<std::string> seen;
    for (const render::Server& server : servers) seen.insert(server.name);
    for (std::size_t i = 0; further_ && i < servers.size() && servers.size() < most_servers; ++i) {
        std::vector<probe::Probe*> next = below(servers[i], probes[i]->login());
        next.erase(std::remove_if(next.begin(), next.end(), [&](probe::Probe* probe) { return !seen.insert(probe->name()).second; }),
                   next.end());
        Servers found = look_at(next);
        for (render::Server& server : found) {
            refuse_stranger(server, servers[i]);
            server.upstream = servers[i].name;
        }
        servers.insert(servers.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
        probes.insert(probes.end(), next.begin(), next.end());
    }
    connect_named(servers);
    return servers;
}

}  // namespace status_round
