#include "tool/refresh_marker.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

using refreshing::Marker;

TEST(RefreshMarker, IsReadAsItWasWritten) {
    fake::Tree tree;
    tree.directory("/d");
    const Marker marker{"100", "s'1", true, false, {"postgresql.conf", "pg_hba.conf"}};
    refreshing::write_marker(tree, "/d", marker);
    EXPECT_EQ(refreshing::read_marker(tree, "/d"), marker);
}

TEST(RefreshMarker, WhatThisToolDidNotWriteIsNone) {
    fake::Tree tree;
    tree.directory("/d");
    EXPECT_FALSE(refreshing::read_marker(tree, "/d"));
    refreshing::write_marker(tree, "/d", {"100", "s1", true, false, {}});
    tree.nodes["/d/pg_replica.refresh"].text += "# more\n";
    EXPECT_FALSE(refreshing::read_marker(tree, "/d"));
    refreshing::write_marker(tree, "/d", {"100", "s1", true, false, {}});
    tree.nodes["/d/pg_replica.refresh"].mode = 0644;
    EXPECT_FALSE(refreshing::read_marker(tree, "/d"));
}
