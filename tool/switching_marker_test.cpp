#include "tool/switching_marker.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

const switching::Marker full{"7123", "node \"one\"", "node_one", "replicator_node_one", "/etc/postgresql/15/main", 0x3000028, true, true};

}  // namespace

TEST(SwitchingMarker, IsReadAsItWasWritten) {
    fake::Tree files;
    files.directory("/srv/p");
    switching::write_marker(files, "/srv/p", full);
    const auto read = switching::read_marker(files, "/srv/p");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, full);
    switching::remove_marker(files, "/srv/p");
    EXPECT_FALSE(switching::read_marker(files, "/srv/p"));
}

TEST(SwitchingMarker, WhatThisToolWouldNotWriteIsNoMarker) {
    fake::Tree files;
    files.directory("/srv/p");
    EXPECT_FALSE(switching::read_marker(files, "/srv/p"));
    files.write("/srv/p/pg_replica.switchover", "promoting = 'true'\n", 0600);
    EXPECT_FALSE(switching::read_marker(files, "/srv/p")) << "a promotion must not be believed to have been asked for";
}
