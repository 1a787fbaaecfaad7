#include "tool/refresh_kept.hpp"

#include <gtest/gtest.h>

using refreshing::Kept;

TEST(RefreshKept, CoversFilesFoldersAndTheToolsOwn) {
    const Kept kept({"postgresql.conf", "certs/server.key", "log"});
    EXPECT_TRUE(kept.covers("postgresql.conf"));
    EXPECT_TRUE(kept.covers("log/a/b"));
    EXPECT_TRUE(kept.covers("pg_replica.passfile"));
    EXPECT_TRUE(kept.covers("server.log"));
    EXPECT_FALSE(kept.covers("logs"));
    EXPECT_FALSE(kept.covers("base/pg_replica.x"));
    EXPECT_FALSE(kept.covers("backup_label"));
    EXPECT_FALSE(kept.covers("recovery.signal"));
    EXPECT_TRUE(kept.reaches_into("certs"));
    EXPECT_FALSE(kept.reaches_into("cert"));
}

TEST(RefreshKept, PathsBelowTheDirectory) {
    EXPECT_EQ(refreshing::below("/d", "server.crt"), "server.crt");
    EXPECT_EQ(refreshing::below("/d", "./conf.d/"), "conf.d");
    EXPECT_EQ(refreshing::below("/d", "/d/certs/a"), "certs/a");
    EXPECT_EQ(refreshing::below("/d", "/etc/ssl/a"), "");
    EXPECT_EQ(refreshing::below("/d", "../a"), "");
    EXPECT_EQ(refreshing::below("/d", "a/../../b"), "");
    EXPECT_EQ(refreshing::below("/d", ""), "");
    EXPECT_EQ(refreshing::below("/d", "/d/"), "");
}

TEST(RefreshKept, IncludesOfAConfiguration) {
    EXPECT_EQ(refreshing::includes("include 'a.conf'\n  include_if_exists = 'b.conf' # c\ninclude_dir 'conf.d'\n"
                                   "#include 'no'\nport = 1\ninclude_x = 'no'\ninclude users.conf\n"),
              (std::vector<std::string>{"a.conf", "b.conf", "conf.d", "users.conf"}));
}
