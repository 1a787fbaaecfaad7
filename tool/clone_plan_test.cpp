#include "tool/clone_plan.hpp"

#include <gtest/gtest.h>

#include "tool/fake_world.hpp"

namespace {

using namespace cloning;

struct ClonePlan : testing::Test {
    fake::Database database;
    tool::Link link{database, std::make_unique<fake::Session>(), "the primary"};
    Options options;
    PrimaryFacts primary;
    HostFacts host;

    void SetUp() override {
        options.directory = "/srv/s1";
        options.slot = "s1";
        options.replication_user = "rep";
        options.port = 5433;
        primary.system_identifier = host.target.marker.system_identifier = "100";
        primary.slot.exists = true;
        primary.slot.wal_status = "reserved";
    }
    cloning::SharedRun run() { return std::make_shared<cloning::Run>(options, primary, host, link); }
    std::string plan() { return plan::describe(make_plan(run())); }
    std::string finishing_plan() { return plan::describe(make_finishing_plan(run())); }
};

TEST_F(ClonePlan, OrderOfTheSteps) {
    EXPECT_EQ(plan(), R"( 1. Take /srv/s1 for the standby
 2. Log in for replication as "rep"
 3. Create the replication slot "s1" with WAL reserved
 4. Copy the primary with pg_basebackup (fast checkpoint)
 5. Verify every file against the backup manifest (pg_verifybackup)
 6. Make the copy a standby of its own: signal file, primary_conninfo, slot, port
 7. Move the copy into place
 8. Check the configuration with the standby's own server program
 9. Start the standby on port 5433
10. See it streaming from both sides
11. Write a marker on the primary and read it on the standby
12. Remove the mark of the unfinished clone
)");
}

TEST_F(ClonePlan, ThePrimaryIsPreparedAfterTheDirectoryIsTakenAndBeforeTheLogin) {
    const SharedRun prepared = run();
    prepared->preparation = std::make_shared<preparation::Preparation>();
    prepared->preparation->role = "rep";
    const plan::Plan plan = make_plan(prepared);
    EXPECT_EQ(plan[0].sentence, "Take /srv/s1 for the standby");
    EXPECT_EQ(plan[1].sentence, "Create the extension pg_replica on the primary");
    EXPECT_EQ(plan[5].sentence, "Log in for replication as \"rep\"");
}

TEST_F(ClonePlan, WithoutVerification) {
    options.no_verify = true;
    EXPECT_EQ(plan().find("pg_verifybackup"), std::string::npos);
    EXPECT_NE(plan().find(" 5. Make the copy a standby"), std::string::npos);
}

TEST_F(ClonePlan, WithoutAStartNothingIsProven) {
    options.no_start = true;
    EXPECT_EQ(plan().find("Start the standby"), std::string::npos);
    EXPECT_EQ(plan().find("See it streaming"), std::string::npos);
    EXPECT_NE(plan().find(" 9. Remove the mark"), std::string::npos);
}

TEST_F(ClonePlan, AnUnfinishedCloneIsClearedFirst) {
    host.target.state = target::State::unfinished;
    EXPECT_EQ(plan().find(" 1. Clear what an unfinished clone left in /srv/s1\n"), 0u);
}

// Its copy is not read again, but nothing is started that was not looked at, and no second run may do the
// same.
TEST_F(ClonePlan, AFinishedCopyIsLockedCheckedStartedAndProven) {
    EXPECT_EQ(finishing_plan(), R"( 1. Go on with the finished copy in /srv/s1
 2. Check the configuration with the standby's own server program
 3. Start the standby on port 5433
 4. See it streaming from both sides
 5. Write a marker on the primary and read it on the standby
 6. Remove the mark of the unfinished clone
)");
    options.no_start = true;
    EXPECT_EQ(finishing_plan().find("Start"), std::string::npos);
}

TEST_F(ClonePlan, CanBeFinishedOnlyWithTheCopyInPlaceAndItsWalKept) {
    host.target.state = target::State::unfinished;
    host.target.marker.placed = true;
    EXPECT_TRUE(can_be_finished(primary, host));
    host.target.marker.placed = false;
    EXPECT_FALSE(can_be_finished(primary, host));
    host.target.marker.placed = true;
    primary.slot.wal_status = "lost";
    EXPECT_FALSE(can_be_finished(primary, host));
    primary.slot.wal_status = "reserved";
    primary.slot.exists = false;
    EXPECT_FALSE(can_be_finished(primary, host));
    primary.slot.exists = true;
    primary.system_identifier = "200";
    EXPECT_FALSE(can_be_finished(primary, host));
    primary.system_identifier = "100";
    host.target.state = target::State::occupied;
    EXPECT_FALSE(can_be_finished(primary, host));
}

TEST_F(ClonePlan, WhatStaysIsNamedWithTheCommandThatRemovesIt) {
    const plan::Plan plan = make_plan(run());
    EXPECT_EQ(plan[0].undo_by_hand(), "/srv/s1 still holds an unfinished clone: rm -r /srv/s1");
    EXPECT_EQ(plan[2].undo_by_hand(),
              "The slot is still on the primary and keeps WAL: SELECT * FROM replica.drop_slot('s1');");
    EXPECT_EQ(plan[8].undo_by_hand(), "The standby's server still runs: pg_ctl -D /srv/s1 stop.");
}

}  // namespace
