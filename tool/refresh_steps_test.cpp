#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"
#include "tool/refresh_run.hpp"
#include "tool/rejoin_area.hpp"

namespace {

using RefreshRun = refreshing::Run;  // Test has a member Run

std::string hex(const std::string& text) {
    std::string digits;
    for (const unsigned char c : text) digits += {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    return digits;
}

struct RefreshSteps : testing::Test {
    fake::Tree tree;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    fake::Database database;
    world::World world{database, tree, processes, reporter};
    tool::Link link{database, std::make_unique<fake::Session>(), "the primary"};
    world::Rows listed{{"path", "kind", "size", "target"}, {}};
    RefreshRun run;

    void SetUp() override {
        tree.file("/d/PG_VERSION", "15\n");
        tree.file("/d/global/pg_control", "12345678 and more");
        tree.file("/d/base/1/2", "old");
        tree.file("/d/postgresql.conf", "port = 5433\n");
        cloning::Options options;
        options.directory = "/d";
        options.slot = "s1";
        cloning::PrimaryFacts primary;
        primary.version = 150000;
        primary.system_identifier = "100";
        run.base = std::make_shared<cloning::Run>(options, primary, cloning::HostFacts{}, link);
        look();
    }
    void look() { run.former = refreshing::look(world, run.base->options); }
    void has(const std::string& path, const std::string& kind, const std::string& size = "0", const std::string& target = "") {
        listed.rows.push_back({hex(path), kind, size, target});
    }
    void lay_out() {
        auto session = std::make_unique<fake::Session>();
        session->answer("refresh_list()", listed);
        run.control = std::move(session);
        refreshing::lay_out(world, run);
    }
};

}  // namespace

TEST_F(RefreshSteps, WhatWasNotTouchedIsGivenBackAsItWas) {
    const auto before = tree.paths();
    refreshing::guard(world, run);
    EXPECT_EQ(tree.read("/d/postmaster.pid").substr(0, 5), "4711\n");
    EXPECT_TRUE(tree.has("/d/pg_replica.refresh"));
    refreshing::park_control(world, run);
    EXPECT_FALSE(tree.has("/d/global/pg_control"));
    refreshing::release(world, run);
    EXPECT_EQ(tree.paths(), before);
    EXPECT_EQ(tree.read("/d/global/pg_control"), "12345678 and more");
}

TEST_F(RefreshSteps, WhatWasTouchedStaysWithoutPgControl) {
    refreshing::guard(world, run);
    refreshing::park_control(world, run);
    lay_out();
    EXPECT_THROW(refreshing::release(world, run), core::Error);
    EXPECT_FALSE(tree.has("/d/global/pg_control"));
    EXPECT_TRUE(tree.has("/d/pg_replica.refresh"));
    EXPECT_FALSE(tree.has("/d/postmaster.pid"));
}

// A run that goes on after kill -9 has nothing to put back.
TEST_F(RefreshSteps, TheMarkOfAnEarlierRunStays) {
    refreshing::guard(world, run);
    refreshing::park_control(world, run);
    tree.remove("/d/postmaster.pid");
    RefreshRun again;
    again.base = run.base;
    again.former = refreshing::look(world, run.base->options);
    EXPECT_EQ(again.former.system_identifier, run.former.system_identifier);
    refreshing::guard(world, again);
    refreshing::park_control(world, again);
    EXPECT_THROW(refreshing::release(world, again), core::Error);
    EXPECT_TRUE(tree.has("/d/pg_replica.refresh"));
}

TEST_F(RefreshSteps, AServerThatWasStartedMeanwhileKeepsItsDirectory) {
    tree.file("/d/postmaster.pid", "42\n/d\n");
    processes.living.insert(42);
    processes.places[42] = "/d";
    EXPECT_THROW(refreshing::guard(world, run), core::Error);
    EXPECT_EQ(tree.read("/d/postmaster.pid"), "42\n/d\n");
    processes.living.clear();
    refreshing::guard(world, run);  // one that was killed
}

TEST_F(RefreshSteps, AServerInSingleUserModeIsSeen) {
    tree.file("/d/postmaster.pid", "-42\n/d\n");
    look();
    EXPECT_EQ(run.former.server, "");
    processes.living.insert(42);
    look();
    EXPECT_NE(run.former.server.find("single-user"), std::string::npos);
}

TEST_F(RefreshSteps, TheTreeBecomesThePrimarys) {
    tree.file("/d/base/1/gone", "x");
    tree.file("/d/backup_label", "old");
    tree.file("/d/pg_wal/0001", "wal");
    tree.file("/d/pg_hba.conf", "own");
    tree.file("/d/server.log", "log");
    refreshing::guard(world, run);
    refreshing::park_control(world, run);
    for (const char* folder : {"base", "base/1", "global", "pg_wal", "pg_replslot"}) has(folder, "directory");
    has("base/1/2", "file", "2");
    has("base/1/empty", "file");
    lay_out();
    EXPECT_FALSE(tree.has("/d/base/1/gone"));
    EXPECT_FALSE(tree.has("/d/backup_label"));
    EXPECT_FALSE(tree.has("/d/pg_wal/0001"));
    EXPECT_TRUE(tree.has("/d/pg_replslot"));
    EXPECT_TRUE(tree.has("/d/base/1/empty"));
    EXPECT_EQ(tree.read("/d/base/1/2"), "ol");
    EXPECT_EQ(tree.read("/d/pg_hba.conf"), "own");
    EXPECT_EQ(tree.read("/d/server.log"), "log");
    EXPECT_EQ(tree.read("/d/postgresql.conf"), "port = 5433\n");
}

TEST_F(RefreshSteps, LinksStayForTablespacesAndWalOnly) {
    tree.directory("/d/pg_tblspc");
    tree.make_link("/srv/t5", "/d/pg_tblspc/5");
    tree.make_link("/srv/wal", "/d/pg_wal");
    tree.make_link("/elsewhere", "/d/base/9");
    for (const char* folder : {"base", "base/9", "pg_tblspc", "pg_wal"}) has(folder, "directory");
    has("pg_tblspc/5", "tablespace", "0", "/primary/t5");
    refreshing::guard(world, run);
    lay_out();
    EXPECT_EQ(tree.link_target("/d/pg_tblspc/5"), "/srv/t5");
    EXPECT_EQ(tree.link_target("/d/pg_wal"), "/srv/wal");
    EXPECT_TRUE(tree.has("/d/base/9"));
}

TEST_F(RefreshSteps, ANewTablespaceNeedsAnEmptyPlace) {
    tree.directory("/d/pg_tblspc");
    tree.file("/primary/t5/PG_15/x", "the primary's own");
    has("pg_tblspc", "directory");
    has("pg_tblspc/5", "tablespace", "0", "/primary/t5");
    refreshing::guard(world, run);
    EXPECT_THROW(lay_out(), core::Error);
    EXPECT_TRUE(tree.has("/primary/t5/PG_15/x"));
    tree.directory("/srv");
    run.base->options.tablespace_mapping = {"/primary/t5=/srv/t5"};
    lay_out();
    EXPECT_EQ(tree.link_target("/d/pg_tblspc/5"), "/srv/t5");
}

TEST_F(RefreshSteps, AKilledCloneIsTakenOver) {
    tree.remove_tree("/d");
    tree.file("/d/pg_replica.partial/base/1/2", "copied");
    target::Marker marker;
    marker.system_identifier = "100";
    target::write_marker(tree, "/d", marker);
    look();
    refreshing::guard(world, run);
    refreshing::park_control(world, run);
    EXPECT_EQ(tree.read("/d/base/1/2"), "copied");
    EXPECT_FALSE(tree.has("/d/pg_replica.partial"));
    EXPECT_FALSE(tree.has("/d/pg_replica.unfinished"));
    EXPECT_TRUE(run.touched);
}

TEST_F(RefreshSteps, AnInterruptedRejoinIsTakenOver) {
    tree.directory("/d/pg_replica.partial");
    rejoin_area::note(tree, "/d", rejoin_area::Stage::rewinding);
    rejoin_area::move_in(tree, "/d");
    tree.file("/d/pg_replica.partial/postgresql.conf", "the source's");
    look();
    EXPECT_EQ(run.former.major, 15);
    EXPECT_NE(run.former.system_identifier, "");
    refreshing::guard(world, run);
    refreshing::park_control(world, run);
    EXPECT_TRUE(run.touched);
    EXPECT_EQ(tree.read("/d/base/1/2"), "old");
    EXPECT_EQ(tree.read("/d/postgresql.conf"), "port = 5433\n");
    EXPECT_FALSE(tree.has("/d/global/pg_control"));
    EXPECT_FALSE(tree.has("/d/pg_replica.partial"));
    EXPECT_TRUE(tree.has("/d/pg_replica.rejoin"));
    refreshing::unmark(world, run);
    EXPECT_FALSE(tree.has("/d/pg_replica.rejoin"));
}
