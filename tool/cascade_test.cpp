#include "tool/cascade.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_world.hpp"

namespace {

using Columns = std::vector<std::string>;

world::Rows server(const char* in_recovery, const char* identifier, world::Value host, world::Value port) {
    return {Columns{"in_recovery", "system_identifier", "sender_host", "sender_port"},
            {{in_recovery, identifier, std::move(host), std::move(port)}}};
}

std::unique_ptr<fake::Session> session(const world::Rows& answer) {
    auto made = std::make_unique<fake::Session>();
    made->answer("pg_stat_wal_receiver", answer);
    return made;
}

// Servers by port.
struct Network : world::Database {
    std::map<std::string, world::Rows> servers;
    std::vector<std::string> reached;
    std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string&, world::Prompt) override {
        reached.push_back(parameters.get("host") + ":" + parameters.get("port"));
        return session(servers.at(parameters.get("port")));
    }
};

struct Cascade : testing::Test {
    Network network;
    fake::Files files;
    fake::Processes processes;
    fake::Reporter reporter;
    world::World world{network, files, processes, reporter};

    std::unique_ptr<tool::Link> find(const world::Rows& source) {
        tool::Link link(network, session(source), "the source");
        return cascade::find_primary(world, link);
    }
};

TEST_F(Cascade, GoesUpToThePrimary) {
    network.servers["2"] = server("t", "100", "db1", "1");
    network.servers["1"] = server("f", "100", {}, {});
    EXPECT_NE(find(server("t", "100", "db2", "2")), nullptr);
    EXPECT_EQ(network.reached, (Columns{"db2:2", "db1:1"}));
}

TEST_F(Cascade, StopsAtAStandbyThatFollowsNobody) {
    EXPECT_THROW(find(server("t", "100", {}, {})), Failure);
    EXPECT_TRUE(network.reached.empty());
}

TEST_F(Cascade, StopsAtAnotherCluster) {
    network.servers["1"] = server("f", "200", {}, {});
    EXPECT_THROW(find(server("t", "100", "db1", "1")), Failure);
}

TEST_F(Cascade, EndsInACircle) {
    network.servers["1"] = server("t", "100", "db1", "1");
    EXPECT_THROW(find(server("t", "100", "db1", "1")), Failure);
}

}  // namespace
