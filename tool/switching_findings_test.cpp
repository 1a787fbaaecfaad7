#include <gtest/gtest.h>

#include "tool/switching_facts.hpp"

namespace {

struct Switchover : testing::Test {
    cloning::Options options;
    switching::Facts facts;
    cloning::PrimaryFacts server;

    Switchover() {
        options.slot = "one";
        options.replication_user = "replicator_one";
        facts.standby_name = "two";
        facts.state = "streaming";
        facts.standby.may_promote = facts.standby.may_checkpoint = facts.primary_may_checkpoint = true;
        facts.limits = {{"max_connections", "100"}};
        server.extension_version = "1.0";
        server.wal_level = "replica";
        server.free_slots = server.max_replication_slots = 10;
        server.free_walsenders = server.max_wal_senders = 10;
        server.limits = {{"max_connections", "100"}};
        server.login.succeeded = true;
    }
    std::string errors() const {
        std::string text;
        for (const auto& finding : switching::findings(options, facts, server))
            if (finding.is_error) text += finding.message + ". " + finding.fix + "\n";
        return text;
    }
    void expect(const std::string& part) const { EXPECT_NE(errors().find(part), std::string::npos) << errors(); }
};

}  // namespace

TEST_F(Switchover, NothingIsInTheWayOfTwoServersThatAreReady) { EXPECT_EQ(errors(), ""); }

TEST_F(Switchover, TheStandbyHasToStreamAndToBeClose) {
    facts.state = "";
    expect("\"two\" does not stream from this primary");
    facts.state = "catchup";
    expect("in state \"catchup\"");
    facts.state = "streaming";
    facts.behind = switching::most_behind + 1;
    expect("is 16.0 MB behind");
    facts.standby.paused = true;
    expect("pg_wal_replay_resume()");
}

TEST_F(Switchover, WhatAShutdownWouldCutOffIsWaitedFor) {
    facts.backup_runs = true;
    facts.archive_problem = "000000010000000000000003";
    expect("a base backup runs");
    expect("archive_command fails on the primary, for 000000010000000000000003");
}

TEST_F(Switchover, TheNewPrimaryNeedsRoomForEachStandby) {
    facts.others = {{"three", "three", "replicator_three", "10.0.0.3"}};
    server.free_slots = server.free_walsenders = 1;
    expect("1 of 10 replication slots free, and 2 are needed");
    expect("1 of 10 walsenders free, and 2 are needed");
    server.slot = {true, false, true, "reserved"};
    EXPECT_EQ(errors().find("replication slots free"), std::string::npos) << "its own is there already";
}

TEST_F(Switchover, ALowerLimitHereKeepsThisServerFromBeingAStandby) {
    server.limits["max_connections"] = "200";
    expect("max_connections is 100 here and 200 on the standby");
    expect("ALTER SYSTEM SET max_connections = 200");
}

TEST_F(Switchover, TheRoleIsMadeOrAdmittedBeforehand) {
    server.login = {};
    server.login.problem = "no pg_hba.conf entry";
    expect("\"replicator_one\" does not exist. Add --prepare");
    server.role.exists = true;
    server.admission = "no match";
    server.client_address = "10.0.0.1";
    expect("replica.allow_standby('replicator_one', '10.0.0.1');");
    server.slot = {true, true, true, "reserved"};
    expect("the slot \"one\" on the standby is in use");
    server.slot = {};
    server.role.exists = false;
    options.prepare = server.is_superuser = true;
    EXPECT_EQ(errors(), "");
}

TEST_F(Switchover, RightsAndExtensionAreAskedForAtOnce) {
    facts.standby.may_promote = false;
    server.extension_version = "";
    options.prepare = true;
    expect("pg_promote and CHECKPOINT");
    expect("CREATE EXTENSION pg_replica");
    expect("not a superuser");
}
