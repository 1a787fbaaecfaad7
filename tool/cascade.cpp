#include "tool/cascade.hpp"

#include <fmt/format.h>

#include "tool/failure.hpp"

namespace cascade {

namespace {

constexpr int longest_chain = 16;  // more than anybody has: a circle

struct Server {
    bool in_recovery = false;
    std::string system_identifier, sender_host, sender_port;
};

Server look(tool::Link& link) {
    const auto rows = link.query(
        "SELECT pg_is_in_recovery() AS in_recovery, (SELECT system_identifier FROM pg_control_system()) AS system_identifier,"
        " w.sender_host, w.sender_port FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS w ON true");
    return {rows.at(0, "in_recovery") == "t", rows.at(0, "system_identifier").value_or(""),
            rows.at(0, "sender_host").value_or(""), rows.at(0, "sender_port").value_or("")};
}

std::string address(const conninfo::Parameters& parameters) {
    return fmt::format("{} port {}", parameters.get("host"), parameters.get("port"));
}

// Nothing of the source's own address may lead past the one that its receiver names.
conninfo::Parameters parameters_above(tool::Link& link, const Server& server) {
    conninfo::Parameters parameters = link.session().parameters();
    for (const char* keyword : {"hostaddr", "service", "target_session_attrs"}) parameters.set(keyword, "");
    parameters.set("password", link.session().password());
    parameters.set("host", server.sender_host);
    parameters.set("port", server.sender_port);
    return parameters;
}

}  // namespace

std::unique_ptr<tool::Link> find_primary(world::World& world, tool::Link& source) {
    std::unique_ptr<tool::Link> above;
    tool::Link* link = &source;
    Server server = look(source);
    for (int hop = 0; server.in_recovery && hop < longest_chain; ++hop) {
        const std::string here = address(link->session().parameters());
        if (server.sender_host.empty())
            throw refused(fmt::format("the standby at {} receives from no primary", here),
                          "It has no WAL receiver, or the login may not see it.",
                          "Let it stream first; GRANT pg_monitor TO the login lets it be seen.");
        const conninfo::Parameters parameters = parameters_above(*link, server);
        above = std::make_unique<tool::Link>(
            world.database, world.database.connect(parameters, "the server that the standby follows", world::Prompt::never),
            "the primary");
        const Server next = look(*above);
        if (next.system_identifier != server.system_identifier)
            throw refused(fmt::format("the standby at {} follows {}, and from this host that is another cluster", here,
                                      address(parameters)),
                          fmt::format("The system identifiers are {} and {}.", server.system_identifier, next.system_identifier),
                          "Check that this host reaches the primary at the address that the standby uses.");
        link = above.get();
        server = next;
    }
    if (server.in_recovery) throw refused("the standbys follow each other in a circle", {}, "Mend their primary_conninfo.");
    return above;
}

}  // namespace cascade
