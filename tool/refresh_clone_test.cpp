#include "tool/refresh_clone.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

struct RefreshClone : testing::Test {
    fake::Tree tree;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    fake::Database database;
    world::World world{database, tree, processes, reporter};
    tool::Link link{database, std::make_unique<fake::Session>(), "the primary"};
    cloning::Options options;
    cloning::PrimaryFacts primary;
    target::Marker marker;
    refreshing::Source source;

    void SetUp() override {
        options.directory = "/d";
        primary.version = 150000;
        primary.system_identifier = marker.system_identifier = "100";
        source.has_functions = true;
        tree.file("/d/pg_replica.partial/base/1/2", "old");
        tree.file("/d/pg_replica.passfile", "secret");
    }
    // A run that finds what is there now.
    cloning::SharedRun found() {
        target::write_marker(tree, "/d", marker);
        cloning::HostFacts host;
        host.target = target::inspect(tree, "/d");
        return std::make_shared<cloning::Run>(options, primary, host, link);
    }
    bool goes_on() { return refreshing::can_go_on(world, *found(), source); }
};

}  // namespace

TEST_F(RefreshClone, ACopyInPartIsGoneOnWith) { EXPECT_TRUE(goes_on()); }

TEST_F(RefreshClone, NotWhereThePrimaryCannotTellWhatDiffers) {
    source.has_functions = false;
    EXPECT_FALSE(goes_on());
    source.has_functions = true;
    source.missing_rights = {"EXECUTE ON FUNCTION pg_backup_start(text, boolean)"};
    EXPECT_FALSE(goes_on());
}

TEST_F(RefreshClone, NotOfAnotherClusterNorOneThatIsInPlace) {
    marker.system_identifier = "200";
    EXPECT_FALSE(goes_on());
    marker.system_identifier = "100";
    marker.placed = true;
    EXPECT_FALSE(goes_on());
}

TEST_F(RefreshClone, NotWithoutACopyNorBesideOtherThings) {
    tree.file("/d/base/1/2", "moved into place");
    EXPECT_FALSE(goes_on());
    tree.remove_tree("/d/base");
    EXPECT_TRUE(goes_on());
    tree.remove_tree("/d/pg_replica.partial");
    EXPECT_FALSE(goes_on());
}

// The copy's WAL lies elsewhere, or the tablespace that is named now is none that it has.
TEST_F(RefreshClone, NotWithPlacesThatTheCopyDoesNotHave) {
    options.waldir = "/wal";
    tree.directory("/wal");
    EXPECT_FALSE(goes_on());
    marker.outside = {{"/wal", tree.identity("/wal")}};
    EXPECT_TRUE(goes_on());
    options.waldir = "";
    tree.file("/wal/1", "");
    EXPECT_FALSE(goes_on());
}

TEST_F(RefreshClone, PgControlIsAwayUntilTheLastBlockIsThere) {
    tree.file("/d/pg_replica.partial/global/pg_control", "of the earlier run");
    refreshing::Run run;
    run.base = found();
    run.staging = "/d/pg_replica.partial";
    auto session = std::make_unique<fake::Session>();
    session->answer("refresh_list()", world::Rows{{"path", "kind", "size", "target"}, {}});
    run.control = std::move(session);
    refreshing::lay_out_staging(world, run);
    EXPECT_FALSE(tree.has("/d/pg_replica.partial/global/pg_control"));
    EXPECT_FALSE(tree.has("/d/pg_replica.partial/base"));
    tree.directory("/d/pg_replica.partial/global");
    run.backup_label = "label";
    run.pg_control = "new";
    tree.changes_left = 2;
    EXPECT_THROW(refreshing::make_copy_of_it(world, run), fake::Killed);
    EXPECT_TRUE(tree.has("/d/pg_replica.partial/standby.signal"));  // before what makes a cluster of it
    EXPECT_FALSE(tree.has("/d/pg_replica.partial/global/pg_control"));
    tree.changes_left = -1;
    refreshing::make_copy_of_it(world, run);
    EXPECT_EQ(tree.read("/d/pg_replica.partial/global/pg_control"), "new");
}

TEST_F(RefreshClone, ItsPlanHasClonesBeginningAndEnd) {
    const auto run = found();
    run->goes_on = true;
    const std::string plan = plan::describe(refreshing::make_continuing_plan(run));
    EXPECT_NE(plan.find(" 1. Go on with what an interrupted clone left in /d"), std::string::npos) << plan;
    EXPECT_EQ(plan.find("pg_basebackup"), std::string::npos) << plan;
    EXPECT_LT(plan.find("Compare every block of the copy"), plan.find("Move the copy into place")) << plan;
    EXPECT_LT(plan.find("Create the replication slot"), plan.find("Begin a backup")) << plan;
}
