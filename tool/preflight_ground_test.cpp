#include <gtest/gtest.h>

#include "tool/fake_preflight.hpp"
#include "tool/fake_world.hpp"

namespace {

using PreflightGround = fake::Preflight;

TEST_F(PreflightGround, AnotherCLibrarySortsTextOtherwise) {
    primary.ground.libc_version = "2.31";
    primary.ground.libc_indexes = 12;
    expect_none();  // this host's is not known
    host.libc_version = "2.31";
    expect_none();
    host.libc_version = "2.36";
    expect_warning(
        "text is sorted by version 2.31 of the C library on the primary and by 2.36 on this host: the standby may not find rows "
        "through indexes on text (12 such indexes in database \"my app\")",
        "Use the primary's release of the operating system, or send the standby no queries and run REINDEX DATABASE and ALTER "
        "DATABASE ... REFRESH COLLATION VERSION in every database right after a promotion.");
}

TEST_F(PreflightGround, AnotherIcuSortsTextOtherwise) {
    primary.ground.icu_locales = {{"de", "153.112", 3}, {"en", "153.112", 1}, {"fr", "", 1}};
    expect_none();  // this host's is not known
    host.icu_versions = {{"de", "153.120"}, {"en", "153.112"}, {"fr", "153.120"}};
    expect_warning(
        "text of the ICU locale \"de\" is sorted by version 153.112 on the primary and by 153.120 on this host: the standby may not "
        "find rows through indexes on such text (3 in database \"my app\")",
        "Use the primary's version of ICU, or send the standby no queries and run REINDEX DATABASE and ALTER COLLATION ... REFRESH "
        "VERSION in every database right after a promotion.");
}

TEST_F(PreflightGround, ClocksApart) {
    primary.ground.ahead = 1.9;
    expect_none();
    primary.ground.ahead = -300.2;
    expect_warning("the primary's clock is 300 s behind this host's: times of lag and recovery targets will be wrong by that",
                   "Have both hosts synchronized by NTP; timedatectl shows whether they are.");
    primary.ground.ahead = 3;
    expect_warning("the primary's clock is 3 s ahead of this host's: times of lag and recovery targets will be wrong by that",
                   "Have both hosts synchronized by NTP; timedatectl shows whether they are.");
}

TEST_F(PreflightGround, UnloggedTables) {
    primary.ground.unlogged_tables = 6;
    primary.ground.some_unlogged = "a, b, c, d, e";
    expect_warning("the standby will not have the rows of 6 unlogged table(s) of database \"my app\": a, b, c, d, e, ...",
                   "Run ALTER TABLE ... SET LOGGED on the primary for those whose rows must survive it.");
}

TEST_F(PreflightGround, WhatThePrimaryFindsWrongWithItself) {
    primary.ground.remarks = {{false, "Slots may retain 10.0 GB", "Bound them."}};
    expect_warning("the primary says of itself: Slots may retain 10.0 GB", "Bound them.");
    primary.ground.remarks = {{true, "The server cannot read base/1/2", "Give it to the server's user."}};
    expect_error("the primary says of itself: The server cannot read base/1/2", "Give it to the server's user.");
}

TEST(SharedGround, AClockIsOffOnlyBeyondWhatTheAnswerTook) {
    EXPECT_EQ(shared_ground::certainly_ahead(105, 100, 110), 0);
    EXPECT_EQ(shared_ground::certainly_ahead(113, 100, 110), 3);
    EXPECT_EQ(shared_ground::certainly_ahead(98, 100, 110), -2);
}

TEST(SharedGround, ReadsWhatThePrimarySays) {
    fake::Database database;
    auto session = std::make_unique<fake::Session>();
    session->answer("clock_timestamp", {{"epoch"}, {{"0"}}});
    session->answer("pg_collation_actual_version", {{"version", "indexes"}, {{"2.31", "7"}}});
    session->answer("icu_version", {{"locale", "icu_version", "indexes"}, {{"de", "153.120", "3"}}});
    session->answer("unlogged", {{"tables", "some"}, {{"1", "t"}}});
    session->answer("p.proname = 'check'", {{"exists"}, {{"t"}}});
    session->answer("replica.check()", {{"status", "detail", "hint"}, {{"error", "It cannot read base/1/2.", "Give it."}, {"warning", "Little room.", "Bound."}}});
    tool::Link link(database, std::move(session), "the primary");
    const auto facts = shared_ground::gather(link);
    EXPECT_EQ(facts.libc_version, "2.31");
    EXPECT_EQ(facts.libc_indexes, 7);
    ASSERT_EQ(facts.icu_locales.size(), 1U);
    EXPECT_EQ(facts.icu_locales[0].version, "153.120");
    EXPECT_EQ(facts.unlogged_tables, 1);
    EXPECT_EQ(facts.some_unlogged, "t");
    EXPECT_LT(*facts.ahead, -1e9);
    ASSERT_EQ(facts.remarks.size(), 2U);
    EXPECT_TRUE(facts.remarks[0].error);
    EXPECT_FALSE(facts.remarks[1].error);
    EXPECT_EQ(facts.remarks[0].hint, "Give it.");
}

}  // namespace
