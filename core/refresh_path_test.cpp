#include "core/refresh_path.hpp"

#include <gtest/gtest.h>

namespace refresh {

namespace {

const Layout layout{"PG_15_202209061", false, {"stats", "spaces/one"}};

TEST(RefreshPath, WhatABaseBackupHasIsCopied) {
    for (const char* path :
         {"PG_VERSION", "postgresql.conf", "global", "global/pg_control", "global/1262", "global/pg_filenode.map", "base/5/1259",
          "base/5/1259.1", "base/5/1259_fsm", "base/5/16384_init", "base/5/PG_VERSION", "pg_xact/0000", "pg_wal",
          "pg_wal/archive_status", "pg_replslot", "pg_notify", "pg_stat_tmp", "pg_subtrans", "pg_stat/pgstat.stat",
          "pg_tblspc/16400", "pg_tblspc/16400/PG_15_202209061", "pg_tblspc/16400/PG_15_202209061/5/16401", "current_logfiles",
          "backup_label.old", "standby.signal", "my files/a b", "pg_logical/snapshots/0-1.snap", "...", "..a", "a..", "stats",
          "statsmore/x", "base/t5/t3_16385"})
        EXPECT_TRUE(is_copied(path, layout)) << path;
}

TEST(RefreshPath, WhatABaseBackupLeavesOutIsNot) {
    for (const char* path :
         {"postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map", "backup_manifest", "postgresql.auto.conf.tmp",
          "current_logfiles.tmp", "base/5/pg_internal.init", "base/5/pg_internal.init.123", "global/pg_internal.init",
          "base/pgsql_tmp", "base/pgsql_tmp/pgsql_tmp1.0", "base/5/pgsql_tmp9", "base/5/t3_16385", "base/5/t3_16385_fsm.1",
          "pg_tblspc/1/PG_15_202209061/5/t3_1", "pg_wal/000000010000000000000001", "pg_wal/archive_status/x", "pg_wal/summaries",
          "pg_replslot/slot/state", "pg_stat_tmp/global.stat", "pg_notify/0000", "pg_serial/x", "pg_snapshots/x",
          "pg_subtrans/0000", "pg_dynshmem/mmap.1", "any/pg_notify/x", "pg_tblspc/1/PG_14_202107181/5/1", "pg_tblspc/1/x",
          "pg_tblspc/x/PG_15_202209061", "pg_tblspc/x/y", "stats/global.stat", "spaces/one/PG_15_202209061/5/1"})
        EXPECT_FALSE(is_copied(path, layout)) << path;
}

TEST(RefreshPath, APathThatCouldLeaveTheDataDirectoryIsNone) {
    using namespace std::string_view_literals;
    for (const std::string_view path :
         {""sv, "/"sv, "/etc/passwd"sv, "//etc/passwd"sv, "."sv, ".."sv, "./PG_VERSION"sv, "../x"sv, "base/../../x"sv,
          "base/5/.."sv, "base/./5"sv, "base//5"sv, "base/"sv, "PG_VERSION/"sv, "base/5/1259\0"sv, "\0"sv, "PG_VERSION\0/../x"sv,
          "pg_tblspc/1/PG_15_202209061/../x"sv, "pg_tblspc/1/.."sv, "pg_tblspc/../../x"sv})
        EXPECT_FALSE(is_copied(path, layout)) << path;
    EXPECT_TRUE(is_copied(std::string(1024, 'x'), layout));
    EXPECT_FALSE(is_copied(std::string(1025, 'x'), layout));
}

TEST(RefreshPath, FoldersThatAreCopiedEmptyAreNotEntered) {
    for (const char* folder : {"base", "base/5", "global", "pg_tblspc", "pg_tblspc/1", "spaces", "pg_stat"})
        EXPECT_TRUE(is_entered(folder, layout)) << folder;
    for (const char* folder : {"pg_wal", "pg_replslot", "pg_stat_tmp", "stats", "spaces/one", "any/pg_notify"})
        EXPECT_FALSE(is_entered(folder, layout)) << folder;
}

TEST(RefreshPath, SummariesOfWalAreAFolderFrom17On) {
    EXPECT_TRUE(is_copied("pg_wal/summaries", {"PG_17_202406281", true, {}}));
    EXPECT_FALSE(is_copied("pg_wal/summaries/x", {"PG_17_202406281", true, {}}));
}

TEST(RefreshPath, OnlyTheLinkOfATablespaceIsFollowed) {
    EXPECT_TRUE(is_tablespace_link("pg_tblspc/16400"));
    for (const char* path : {"pg_tblspc", "pg_tblspc/", "pg_tblspc/x", "pg_tblspc/1x", "base/16400", "pg_tblspc/1/2", "x/pg_tblspc/1"})
        EXPECT_FALSE(is_tablespace_link(path)) << path;
}

TEST(RefreshPath, RelationsAreToldFromOtherFiles) {
    const auto file = relation_file("base/5/1259_fsm.3", layout);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->number, "1259");
    EXPECT_EQ(file->fork, "fsm");
    EXPECT_EQ(file->segment, 3U);
    for (const char* path : {"base/5/1259", "global/1262", "global/1262_vm", "pg_tblspc/1/PG_15_202209061/5/1", "base/5/1_init"})
        EXPECT_TRUE(relation_file(path, layout)) << path;
    for (const char* path :
         {"PG_VERSION", "base/5/PG_VERSION", "base/5/pg_filenode.map", "pg_xact/0000", "base/5", "base/5/1259_", "base/5/1259.",
          "base/5/1259.x", "base/5/1259_fsm_vm", "base/5/1259_main", "base/5/12345678901", "base/x/1", "base/5/1.99999999999",
          "global/pg_control", "base/5/1 ", "base/5/-1", "base/5/1/2", "base/5/t1_1"})
        EXPECT_FALSE(relation_file(path, layout)) << path;
}

TEST(RefreshPath, AnUnloggedRelationIsKnownByItsInitFork) {
    EXPECT_EQ(init_fork_of("base/5/16384", layout), "base/5/16384_init");
    EXPECT_EQ(init_fork_of("base/5/16384_vm.1", layout), "base/5/16384_init");
    EXPECT_EQ(init_fork_of("pg_tblspc/1/PG_15_202209061/5/7.2", layout), "pg_tblspc/1/PG_15_202209061/5/7_init");
    EXPECT_EQ(init_fork_of("base/5/16384_init", layout), "");
    EXPECT_EQ(init_fork_of("base/5/PG_VERSION", layout), "");
}

TEST(RefreshPath, AnyBytesCanBeShown) {
    EXPECT_EQ(printable("base/5/a b"), "base/5/a b");
    EXPECT_EQ(printable(std::string_view("a\0\n\x80\\", 5)), "a\\x00\\x0a\\x80\\x5c");
    EXPECT_LT(printable(std::string(1000, '\x01')).size(), 150U);
}

}  // namespace

}  // namespace refresh
