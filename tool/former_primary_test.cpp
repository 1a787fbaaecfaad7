#include "tool/former_primary.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

using former_primary::Way;

// The old primary stopped at 0/3000060 on timeline 1; the new one left that timeline at 0/3000100.
struct FormerPrimary : testing::Test {
    former_primary::Source source;
    former_primary::Local local;

    FormerPrimary() {
        source.system_identifier = local.control.system_identifier = "100";
        source.timeline = 2;
        source.position = "0/4000000";
        source.history = "1\t0/3000100\tno recovery target specified\n";
        source.segment_size = 16 << 20;
        source.oldest_wal = "0000000000000003";
        local.control.state = "shut down";
        local.control.timeline = local.timeline = 1;
        local.control.checkpoint = local.control.redo = 0x3000060;
    }
    Way way() { return former_primary::decide(source, local).way; }
    std::string why() { return former_primary::decide(source, local).why; }
};

}  // namespace

TEST_F(FormerPrimary, ThatWroteNothingMoreFollowsAsItIs) {
    EXPECT_EQ(way(), Way::follow);
    EXPECT_EQ(why(), "it never wrote beyond the fork of timeline 1 at 0/3000100");
}

TEST_F(FormerPrimary, ThatWroteMoreIsRewoundWhereItsHintsWereLogged) {
    local.record_at_fork = true;
    EXPECT_EQ(way(), Way::refresh);
    local.control.hints_logged = true;
    EXPECT_EQ(way(), Way::rewind);
    local.settings_changed = true;
    EXPECT_EQ(way(), Way::refresh) << "they may have been switched on after the fork";
}

TEST_F(FormerPrimary, ChecksumsCountOnlyWhenTheNewPrimaryHasThemToo) {
    local.record_at_fork = local.control.checksums = true;
    EXPECT_EQ(way(), Way::refresh) << "pg_checksums can switch them on after the fork";
    source.checksums = true;
    EXPECT_EQ(way(), Way::rewind);
}

TEST_F(FormerPrimary, IsNotRewoundWhenTheNewPrimaryHasLostTheWalSinceTheFork) {
    local.record_at_fork = local.control.hints_logged = true;
    source.oldest_wal = "0000000000000003";
    EXPECT_EQ(way(), Way::rewind);
    source.oldest_wal = "0000000000000004";
    EXPECT_EQ(way(), Way::refresh) << "it would ask for it again and again";
    EXPECT_EQ(why(), "it wrote beyond the fork of timeline 1 at 0/3000100, and the new primary does not have the WAL since then any more");
}

TEST_F(FormerPrimary, ACheckpointBeyondTheForkIsEnough) {
    local.control.hints_logged = true;
    local.control.checkpoint = 0x3000100;
    EXPECT_EQ(way(), Way::rewind);
}

TEST_F(FormerPrimary, WhoseWalTheNewPrimaryHasRemovedIsCopied) {
    source.oldest_wal = "0000000000000004";
    EXPECT_EQ(way(), Way::refresh);
    EXPECT_EQ(why(), "it never wrote beyond the fork of timeline 1 at 0/3000100, but the new primary does not have the WAL "
                     "since 0/3000100 any more");
    local.control.state = "shut down in recovery";
    EXPECT_EQ(why(), "it never wrote beyond the fork of timeline 1 at 0/3000100, but the new primary does not have the WAL "
                     "since 0/3000060 any more");
}

TEST_F(FormerPrimary, OnTheTimelineOfTheNewPrimaryIsAStandbyOrLost) {
    source.timeline = 1;
    source.history.clear();
    EXPECT_EQ(way(), Way::refresh) << "two primaries on one timeline";
    local.control.state = "shut down in recovery";
    EXPECT_EQ(way(), Way::follow);
}

TEST_F(FormerPrimary, WithATimelineOfItsOwnOfTheSameNumberIsCopied) {
    local.timeline = local.control.timeline = 2;
    local.history = "1\t0/3000200\tno recovery target specified\n";
    local.control.hints_logged = true;
    EXPECT_EQ(way(), Way::refresh) << "pg_rewind finds one timeline, and does nothing";
}

TEST_F(FormerPrimary, ThatIsTheNewerPrimaryIsRefused) {
    local.timeline = local.control.timeline = 3;
    local.history = "1\t0/3000100\tx\n2\t0/5000000\tx\n";
    EXPECT_THROW(way(), Failure);
}

TEST_F(FormerPrimary, OfStrangersIsCopied) {
    source.history = "7\t0/3000100\tx\n";
    source.timeline = 8;
    EXPECT_EQ(way(), Way::refresh);
}

namespace {

struct Looked : FormerPrimary {
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Database database;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    std::string control = "Database system identifier: 100\nDatabase cluster state: in production\n"
                          "Latest checkpoint location: 0/3000060\nLatest checkpoint's TimeLineID: 1\n";
    std::vector<std::string> asked;
    std::string first_record = "pg_waldump: error: could not find a valid record after 0/3000100\n", changes;

    Looked() {
        files.file("/bin/pg_controldata");
        source.segment_size = 16 << 20;
        for (const char* segment : {"000000010000000000000002", "000000010000000000000003", "000000010000000000000004",
                                    "000000020000000000000005"})
            files.file(std::string("/srv/p/pg_wal/") + segment);
        processes.answer = [this](const world::Command& command) -> world::Outcome {
            if (command.argv[0] == "/bin/pg_controldata") return {0, control};
            asked = command.argv;
            return {0, command.argv[8] == "XLOG" ? changes : first_record};
        };
    }
    former_primary::Local look() { return former_primary::look(world, "/bin", "/srv/p", source); }
};

}  // namespace

TEST_F(Looked, TellsWhetherItsWalGoesOnBeyondTheFork) {
    EXPECT_FALSE(look().record_at_fork);
    first_record = "rmgr: Heap  len (rec/tot): 54/54, tx: 7, lsn: 0/03000100, prev 0/030000C8\n";
    EXPECT_TRUE(look().record_at_fork);
    changes = "rmgr: XLOG lsn: 0/03000200 desc: PARAMETER_CHANGE max_connections=100 wal_log_hints=on\n";
    EXPECT_TRUE(look().settings_changed);
}

// An empty file that was made beforehand may be the first that pg_waldump finds.
TEST_F(Looked, NamesTheFilesToPgWaldump) {
    look();
    ASSERT_EQ(asked.size(), 11U);
    EXPECT_EQ(asked[9], "000000010000000000000003");
    EXPECT_EQ(asked[10], "000000010000000000000004");
}

TEST_F(Looked, WithoutAFileAtTheForkItDidNotGoBeyond) {
    files.remove("/srv/p/pg_wal/000000010000000000000003");
    first_record = "lsn: 0/03000100";
    EXPECT_FALSE(look().record_at_fork);
}

TEST_F(Looked, FindsAPromotionThatCrashedBeforeItsCheckpoint) {
    files.file("/srv/p/pg_wal/00000005.history", "1\t0/3000050\tx\n");
    EXPECT_EQ(look().timeline, 5u);
}

// Its last restartpoint is older than the change of timelines: a rejoin was interrupted, or the standby was, soon after.
TEST_F(Looked, FindsTheTimelineThatAStandbyHasReplayed) {
    control = "Database system identifier: 100\nDatabase cluster state: in archive recovery\n"
              "Latest checkpoint location: 0/3000060\nLatest checkpoint's TimeLineID: 1\n"
              "Minimum recovery ending location: 0/3000200\nMin recovery ending loc's timeline: 2\n";
    EXPECT_EQ(look().timeline, 1u) << "without its history nobody knows whose timeline 2 it is";
    files.file("/srv/p/pg_wal/00000002.history", source.history);
    local = look();
    EXPECT_EQ(local.timeline, 2u);
    EXPECT_EQ(way(), Way::follow);
    EXPECT_EQ(why(), "it is a standby on timeline 2, which the primary writes");
    files.file("/srv/p/pg_wal/00000002.history", "1\t0/3000180\tno recovery target specified\n");
    local = look();
    EXPECT_EQ(way(), Way::refresh) << "a timeline 2 that is not the new primary's";
}

TEST_F(Looked, DoesNotTakeSilenceForTheEndOfTheWal) {
    first_record.clear();
    EXPECT_THROW(look(), Failure);
}

TEST_F(Looked, RefusesAnotherCluster) {
    source.system_identifier = "200";
    EXPECT_THROW(look(), Failure);
}

TEST_F(Looked, RefusesWhatPgControldataCannotRead) {
    control = "pg_controldata: error\n";
    EXPECT_THROW(look(), Failure);
}

// --- which of the possible ways is taken

namespace {

using former_primary::choose;
using former_primary::Ground;
using former_primary::Wish;

constexpr std::uint64_t megabyte = 1 << 20;
const former_primary::Decision may_be_rewound{Way::rewind, "it wrote on"};

Way way_of(Wish wish, const Ground& ground) { return choose(may_be_rewound, wish, ground).way; }

}  // namespace

TEST(WayBack, ASmallClusterIsComparedAndALargeOneRewound) {
    EXPECT_EQ(way_of(Wish::automatic, {50 * megabyte, true}), Way::refresh);
    EXPECT_EQ(way_of(Wish::automatic, {1024 * megabyte, true}), Way::refresh);
    EXPECT_EQ(way_of(Wish::automatic, {1024 * megabyte + 1, true}), Way::rewind);
    EXPECT_EQ(way_of(Wish::automatic, {0, true}), Way::rewind) << "its size is not known";
}

TEST(WayBack, WithoutTheFunctionsOfRefreshItIsRewound) {
    EXPECT_EQ(way_of(Wish::automatic, {50 * megabyte, false}), Way::rewind);
}

TEST(WayBack, TheUsersWishIsDone) {
    EXPECT_EQ(way_of(Wish::rewind, {50 * megabyte, true}), Way::rewind);
    EXPECT_EQ(way_of(Wish::refresh, {9000 * megabyte, false}), Way::refresh) << "what is missing is said by refresh itself";
}

TEST(WayBack, WhatFollowsAsItIsIsNeverWrittenAnew) {
    for (const Wish wish : {Wish::automatic, Wish::rewind, Wish::refresh})
        EXPECT_EQ(choose({Way::follow, "it never wrote on"}, wish, {50 * megabyte, true}).way, Way::follow);
}

TEST(WayBack, WhatCannotBeRewoundIsRefusedToAWishForIt) {
    const former_primary::Decision no{Way::refresh, "hints were not logged"};
    EXPECT_EQ(choose(no, Wish::automatic, {0, false}).way, Way::refresh);
    try {
        choose(no, Wish::rewind, {0, true});
        FAIL() << "it is rewound";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::precondition);
        EXPECT_EQ(failure.detail, "hints were not logged.");
    }
}
