#include "tool/status_round.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_world.hpp"
#include "tool/render/fake_server.hpp"
#include "tool/status_tree.hpp"

namespace {

using status_round::addresses_below;

struct Placed : fake::Session {
    conninfo::Parameters parameters() const override { return in_effect; }
    conninfo::Parameters in_effect;
};

// Servers by "host:port", each with the rows of its two views.
class Servers : public world::Database {
 public:
    void add(const std::string& place, const std::string& role, const std::string& system, std::vector<std::vector<world::Value>> standbys,
             const std::string& name = "") {
        node_[place] = {{"role", "system_identifier", "cluster_name", "sender_host", "sender_port", "health", "reason"},
                        {{role, system, name, world::Value{}, world::Value{}, "ok", "why"}},
                        {25, 20, 25, 25, 23, 25, 25}};
        standbys_[place] = {{"application_name", "client_addr", "pid", "health", "reason"}, std::move(standbys), {25, 869, 23, 25, 25}};
    }

    std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string&, world::Prompt) override {
        const std::string place = parameters.get("host") + ":" + parameters.get("port");
        passwords.push_back(parameters.get("password"));
        users.push_back(parameters.get("user"));
        if (node_.count(place) == 0) throw Failure(ExitCode::connection, core::Error("08006", "cannot connect to the server", "refused"));
        auto session = std::make_unique<Placed>();
        session->in_effect = in_effect;
        session->answer("pg_extension", world::Rows{{"database", "in_recovery", "version"}, {{"postgres", "f", "1.0"}}});
        session->answer("replica.node", node_[place]);
        session->answer("replica.standbys", standbys_[place]);
        return session;
    }

    std::vector<std::string> passwords, users;
    conninfo::Parameters in_effect;  // of every session

 private:
    std::map<std::string, world::Rows> node_, standbys_;
};

std::vector<render::Server> look(Servers& servers, std::optional<status_round::Further> further = status_round::Further{}) {
    return status_round::Round(servers, {{{{"host", "p"}, {"port", "5432"}, {"password", "secret"}}}}, {}, std::move(further)).look();
}

std::string names(const std::vector<render::Server>& servers) {
    std::string text;
    for (const render::Server& server : servers) text += server.name + (server.error ? "! " : " ");
    return text;
}

}  // namespace

TEST(StatusRound, FollowsTheAddressesDownACascade) {
    Servers servers;
    servers.add("p:5432", "primary", "7", {{"a", "10.0.0.1", "1", "ok", ""}, {"b", "10.0.0.2", "2", "ok", ""}});
    servers.add("10.0.0.1:5432", "standby", "7", {{"c", "10.0.0.3", "3", "ok", ""}}, "a");
    servers.add("10.0.0.2:5432", "standby", "7", {}, "b");
    servers.add("10.0.0.3:5432", "standby", "7", {{"walreceiver", {}, "4", "warning", "late"}}, "c");
    const auto found = look(servers);
    EXPECT_EQ(names(found), "p:5432 10.0.0.1:5432 10.0.0.2:5432 10.0.0.3:5432 ");
    EXPECT_EQ(found[3].upstream, "10.0.0.1:5432");
    EXPECT_EQ(status_tree::text(found),
              "primary p:5432: ok\n"
              "  standby 10.0.0.1:5432 (a): ok\n"
              "    standby 10.0.0.3:5432 (c): ok\n"
              "      standby walreceiver: warning\n"
              "  standby 10.0.0.2:5432 (b): ok\n");
    EXPECT_EQ(names(look(servers, std::nullopt)), "p:5432 ");
}

TEST(StatusRound, SendsNoPasswordToAnAddressThatNobodyNamed) {
    Servers servers;
    servers.add("p:5432", "primary", "7", {{"a", "10.0.0.1", "1", "ok", ""}});
    servers.add("10.0.0.1:5432", "standby", "7", {}, "a");
    look(servers);
    EXPECT_EQ(servers.passwords, (std::vector<std::string>{"secret", ""}));
}

TEST(StatusRound, AStrangerAtAStandbysAddressIsSaidSo) {
    Servers servers;
    servers.add("p:5432", "primary", "7", {{"a", "10.0.0.1", "1", "ok", ""}, {"b", "10.0.0.2", "1", "ok", ""}, {"c", "10.0.0.3", "1", "ok", ""}});
    servers.add("10.0.0.1:5432", "standby", "8", {});
    servers.add("10.0.0.2:5432", "primary", "7", {});
    const auto found = look(servers);
    EXPECT_EQ(names(found), "p:5432 10.0.0.1:5432! 10.0.0.2:5432! 10.0.0.3:5432! ");
    EXPECT_NE(found[1].error->detail.find("belongs to another cluster"), std::string::npos);
    EXPECT_NE(found[2].error->detail.find("is a primary"), std::string::npos);
    EXPECT_EQ(found[3].error->message, "cannot connect to the server");
    EXPECT_EQ(found[1].error_level, health::Level::unknown);
}

TEST(StatusRound, AnAddressOfTwoStandbysLeadsToNeither) {
    Servers servers;
    servers.add("p:5432", "primary", "7", {{"a", "10.0.0.1", "1", "ok", ""}, {"b", "10.0.0.1", "2", "ok", ""}, {"gone", {}, {}, "critical", ""}});
    EXPECT_EQ(names(look(servers)), "p:5432 ");
}

TEST(StatusRound, TheServersOwnHostNeedsAnotherPort) {
    Servers servers;
    servers.add("p:5432", "primary", "7", {{"a", "127.0.0.1", "1", "ok", ""}});
    servers.add("127.0.0.1:5433", "standby", "7", {});
    EXPECT_EQ(names(look(servers)), "p:5432 ");
    EXPECT_EQ(names(look(servers, status_round::Further{"5433"})), "p:5432 127.0.0.1:5433 ");
}

TEST(StatusRound, WhatAServiceAddsLeadsToItsStandbysToo) {
    Servers servers;
    servers.add(":", "primary", "7", {{"a", "10.0.0.1", "1", "ok", ""}});
    servers.add("10.0.0.1:6000", "standby", "7", {});
    servers.in_effect = {{"host", "p"}, {"port", "6000"}, {"user", "monitor"}, {"service", "production"}};
    status_round::Round round(servers, {{{{"service", "production"}}}}, {}, status_round::Further{});
    EXPECT_EQ(names(round.look()), "production 10.0.0.1:6000 ");
    EXPECT_EQ(servers.users, (std::vector<std::string>{"", "monitor"}));
}

TEST(StatusRound, AServerIsLookedAtOnce) {
    Servers servers;
    servers.add("p:5432", "standby", "7", {{"a", "10.0.0.1", "1", "ok", ""}});
    servers.add("10.0.0.1:5432", "standby", "7", {{"b", "10.0.0.1", "1", "ok", ""}});
    EXPECT_EQ(names(look(servers)), "p:5432 10.0.0.1:5432 ");
}
