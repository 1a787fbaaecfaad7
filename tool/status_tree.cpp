#include "tool/status_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tool/render/text.hpp"

namespace status_tree {

namespace {

using render::Record;
using render::Server;
using Servers = std::vector<Server>;

class Tree {
 public:
    explicit Tree(const Servers& servers) : servers_(servers) {}

    std::string text() {
        std::string lines;
        for (const Server& server : servers_)
            if (server.upstream.empty()) lines += branch(server, 0);
        // a circle has no beginning: what is left is begun anywhere
        for (const Server& server : servers_) lines += branch(server, 0);
        return lines;
    }

 private:
    static std::string line(int depth, const std::string& what, std::string_view health) {
        return fmt::format("{:{}}{}: {}\n", "", 2 * depth, render::escaped(what), health);
    }

    static std::string what_it_is(const Server& server) {
        const std::string role = size(server.node) == 0 ? "server" : Record{server.node, 0}.text("role", "server");
        const std::string name = size(server.node) == 0 ? "" : Record{server.node, 0}.text("cluster_name", "");
        return name.empty() ? fmt::format("{} {}", role, server.name) : fmt::format("{} {} ({})", role, server.name, name);
    }

    static health::Level own_health(const Server& server) { return subjects(server).at(0).verdict.level; }

    static bool is_of(const Record& standby, const Server& server) {
        const std::string name = standby.text("application_name"), address = standby.text("client_addr");
        return (!name.empty() && Record{server.node, 0}.text("cluster_name") == name) ||
               (!address.empty() && server.name.rfind(address + ":", 0) == 0);
    }

    // The standby of this row has a line of its own below, as a server.
    bool is_shown_as_server(const Server& upstream, const Record& standby) const {
        return std::any_of(servers_.begin(), servers_.end(),
                           [&](const Server& server) { return server.upstream == upstream.name && is_of(standby, server); });
    }

    std::string leaves(const Server& server, int depth) const {
        std::string lines;
        for (std::size_t i = 0; i < size(server.standbys); ++i) {
            const Record standby{server.standbys, i};
            if (!is_shown_as_server(server, standby))
                lines += line(depth, "standby " + standby_name(standby), standby.text("health", "unknown"));
        }
        return lines;
    }

    std::string branch(const Server& server, int depth) {
        if (!shown_.insert(server.name).second) return {};
        std::string lines = line(depth, what_it_is(server), health::text(own_health(server)));
        for (const Server& other : servers_)
            if (other.upstream == server.name) lines += branch(other, depth + 1);
        return lines + leaves(server, depth + 1);
    }

    const Servers& servers_;
    std::set<std::string> shown_;
};

}  // namespace

std::string text(const Servers& servers) {
    if (std::all_of(servers.begin(), servers.end(), [](const Server& server) { return server.upstream.empty(); })) return {};
    return Tree(servers).text();
}

}  // namespace status_tree
