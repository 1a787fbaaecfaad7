#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/clone_run.hpp"
#include "tool/failure.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

using namespace cloning;
using Texts = std::vector<std::string>;

const std::string dir = "/srv/s1";

struct CopySteps : testing::Test {
    fake::Database database;
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    tool::Link link{database, std::make_unique<fake::Session>(), "the primary"};
    cloning::Options options;
    PrimaryFacts primary;
    HostFacts host;
    std::shared_ptr<cloning::Run> run;

    void SetUp() override {
        files.directory("/srv");
        options.directory = dir;
        options.slot = "s1";
        primary.system_identifier = "100";
    }
    void begin() {
        host.target = target::inspect(files, dir);
        run = std::make_shared<cloning::Run>(options, primary, host, link);
        claim(world, *run);
    }
    std::string claim_error() {
        try {
            begin();
        } catch (const core::Error& error) {
            return error.message;
        }
        return "";
    }
    target::Marker marker() { return target::inspect(files, dir).marker; }
};

TEST_F(CopySteps, ClaimMakesAndMarksTheDirectoryAndReleaseRemovesIt) {
    begin();
    EXPECT_EQ(files.nodes[dir].mode, 0700u);
    EXPECT_EQ(marker().slot, "s1");
    EXPECT_EQ(marker().system_identifier, "100");
    EXPECT_FALSE(marker().slot_created);
    release_all(world, *run);
    EXPECT_EQ(files.paths(), (Texts{"/", "/srv"}));
}

TEST_F(CopySteps, ADirectoryThatWasThereStaysAndIsEmptyAgain) {
    files.directory(dir, 0755);
    begin();
    EXPECT_EQ(files.nodes[dir].mode, 0700u) << "a server refuses any other";
    files.file(target::partial_path(dir) + "/global/pg_control");
    release_all(world, *run);
    EXPECT_EQ(files.paths(), (Texts{"/", "/srv", dir}));
}

TEST_F(CopySteps, GroupAccessOfThePrimaryTravels) {
    primary.group_access = true;
    begin();
    EXPECT_EQ(files.nodes[dir].mode, 0750u);
}

TEST_F(CopySteps, ASecondRunIsTurnedAwayAndRemovesNothing) {
    files.directory(dir);
    files.locked_by_others.insert(dir);
    EXPECT_EQ(claim_error(), "another pg_replica works on \"/srv/s1\"");
    release_all(world, *run);
    EXPECT_TRUE(files.has(dir));
}

// The facts are from before the lock: the other run may have come to its end in between.
TEST_F(CopySteps, ADirectoryThatWasFilledSinceTheCheckIsNotTouched) {
    host.target.state = target::State::empty;
    files.file(dir + "/PG_VERSION", "precious");
    run = std::make_shared<cloning::Run>(options, primary, host, link);
    EXPECT_THROW(claim(world, *run), core::Error);
    release_all(world, *run);
    EXPECT_EQ(files.nodes[dir + "/PG_VERSION"].text, "precious");
}

TEST_F(CopySteps, DirectoriesOutsideAreMadeMarkedAndClearedAgain) {
    options.waldir = "/srv/wal";
    primary.tablespaces = {{"fast", "/srv/ts"}};
    files.directory("/srv/ts");
    begin();
    EXPECT_EQ(marker().outside, (std::vector<target::Outside>{{"/srv/wal", files.identity("/srv/wal")},
                                                              {"/srv/ts", files.identity("/srv/ts")}}));
    EXPECT_EQ(marker().made_outside, (Texts{"/srv/wal"}));
    files.file("/srv/wal/000000010000000000000001");
    files.file("/srv/ts/PG_15_202209061/1");
    release_all(world, *run);
    EXPECT_EQ(files.paths(), (Texts{"/", "/srv", "/srv/ts"}));
}

// A mark of somebody's making, or of a command with other options.
TEST_F(CopySteps, WhatTheMarkNamesAndTheCommandDoesNotIsNeverEmptied) {
    files.file("/home/precious");
    files.directory(dir);
    target::Marker forged;
    forged.outside = {{"/home", files.identity("/home")}};
    forged.made_outside = {"/home"};
    target::write_marker(files, dir, forged);
    files.file(dir + "/pg_replica.partial/1");
    EXPECT_EQ(claim_error(), "\"/home\" is not what this clone would fill, and is not emptied");
    release_all(world, *run);
    EXPECT_TRUE(files.has("/home/precious"));
    EXPECT_TRUE(files.has(dir + "/pg_replica.partial/1")) << "nothing is removed before the user has decided";
    files.remove("/home/precious");
    EXPECT_EQ(claim_error(), "");
    EXPECT_TRUE(files.has("/home")) << "it is not among the directories of this command";
}

TEST_F(CopySteps, ADirectoryOutsideThatWasExchangedDuringTheCopyIsLeftAndNamed) {
    options.waldir = "/srv/wal";
    begin();
    files.file("/srv/wal/precious");
    files.links.insert("/srv/wal");
    release_all(world, *run);
    EXPECT_TRUE(files.has("/srv/wal/precious"));
    ASSERT_FALSE(reporter.said.empty());
    EXPECT_EQ(reporter.said.back(),
              "\"/srv/wal\" is not the directory any more that the clone filled; what it holds was left as it is");
}

TEST_F(CopySteps, AnUnfinishedCloneWithItsOwnDirectoriesOutsideIsCleared) {
    options.waldir = "/srv/wal";
    begin();
    files.file("/srv/wal/000000010000000000000001");
    begin();
    EXPECT_TRUE(files.list("/srv/wal").empty());
    EXPECT_EQ(marker().made_outside, Texts{"/srv/wal"});
}

// Two clones for two directories, and one tablespace directory for both: the one that comes second must not
// empty it.
TEST_F(CopySteps, ADirectoryOutsideThatAnotherRunUsesIsNotTouched) {
    options.waldir = "/srv/wal";
    files.file("/srv/wal/000000010000000000000001");
    EXPECT_EQ(claim_error(), "\"/srv/wal\" is not empty any more");
    release_all(world, *run);
    EXPECT_TRUE(files.has("/srv/wal/000000010000000000000001"));
    EXPECT_FALSE(files.has(dir));
    files.remove_tree("/srv/wal/000000010000000000000001");
    files.locked_by_others.insert("/srv/wal");
    EXPECT_EQ(claim_error(), "another pg_replica works on \"/srv/wal\"");
    release_all(world, *run);
    EXPECT_TRUE(files.has("/srv/wal"));
    EXPECT_FALSE(files.has(dir));
}

TEST_F(CopySteps, AnUnfinishedCloneIsClearedAndItsFactsAreTakenOver) {
    target::Marker before;
    before.slot = "s1";
    before.slot_created = before.made_directory = true;
    before.system_identifier = "100";
    files.directory(dir);
    target::write_marker(files, dir, before);
    files.file(target::partial_path(dir) + "/global/pg_control");
    begin();
    EXPECT_FALSE(files.has(target::partial_path(dir)));
    EXPECT_TRUE(marker().slot_created);
    EXPECT_TRUE(marker().made_directory);
}

TEST_F(CopySteps, OfAnUnfinishedCloneOfAnotherPrimaryNothingOnThisPrimaryIsOurs) {
    target::Marker before;
    before.slot = "s1";
    before.slot_created = true;
    before.system_identifier = "200";
    files.directory(dir);
    target::write_marker(files, dir, before);
    begin();
    EXPECT_FALSE(marker().slot_created);
}

// Without the mark the next run would take the slot for somebody else's.
TEST_F(CopySteps, WhenTheSlotStaysTheMarkStaysToo) {
    begin();
    run->marker.slot_created = true;
    release_all(world, *run);
    EXPECT_TRUE(marker().slot_created);
    EXPECT_EQ(files.list(dir), Texts{target::marker_name});
}

TEST_F(CopySteps, GoingOnNeedsTheLockAndTheCopyInPlace) {
    files.directory(dir);
    target::Marker placed;
    placed.placed = true;
    target::write_marker(files, dir, placed);
    host.target = target::inspect(files, dir);
    run = std::make_shared<cloning::Run>(options, primary, host, link);
    EXPECT_NO_THROW(resume(world, *run));
    files.locked_by_others.insert(dir);
    EXPECT_THROW(resume(world, *run), core::Error);
    files.locked_by_others.clear();
    files.remove(target::marker_path(dir));
    EXPECT_THROW(resume(world, *run), core::Error);
}

TEST_F(CopySteps, CopyGoesToAPlaceThatNoServerStartsAndFailsWithTheProgramsOwnWords) {
    begin();
    run->bin_dir = "/bin";
    processes.answer = [](const auto&) {
        return world::Outcome{1, "pg_basebackup: error: No space left on device\n"};
    };
    try {
        copy(world, *run);
        FAIL() << "the copy did not fail";
    } catch (const core::Error& error) {
        EXPECT_EQ(error.message, "the copy failed");
        EXPECT_EQ(error.detail,
                  "pg_basebackup ended with status 1.\npg_basebackup: error: No space left on device");
    }
    EXPECT_EQ(files.nodes[target::partial_path(dir)].mode, 0770u);
    EXPECT_FALSE(files.has(target::partial_path(dir) + "/standby.signal"));
}

TEST_F(CopySteps, TheCopyIsAStandbyBeforeAnythingElseHappensToIt) {
    begin();
    run->bin_dir = "/bin";
    copy(world, *run);
    EXPECT_TRUE(files.has(target::partial_path(dir) + "/standby.signal"));
    const Texts& argv = processes.ran.back();
    EXPECT_EQ(argv[0], "/bin/pg_basebackup");
    EXPECT_NE(std::find(argv.begin(), argv.end(), "-w"), argv.end()) << "it would prompt for ever";
}

}  // namespace
