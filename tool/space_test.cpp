#include "tool/space.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

using namespace cloning;

constexpr std::uint64_t mb = 1 << 20;

struct Space : testing::Test {
    Options options;
    PrimaryFacts primary;
    fake::Tree files;

    void SetUp() override {
        options.directory = "/srv/s1";
        primary.bytes = 100 * mb;
        primary.wal_segment_size = 16 * mb;
        primary.tablespaces = {{"fast", "/ts/fast", 30 * mb}};
    }
};

TEST_F(Space, EachPlaceHoldsItsPart) {
    options.tablespace_mapping = {"/ts/fast/=/new"};
    options.waldir = "/wal";
    const auto found = places(options, primary);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].path, "/srv/s1");
    EXPECT_EQ(found[0].needed, 70 * mb);
    EXPECT_FALSE(found[0].holds_wal);
    EXPECT_EQ(found[1].path, "/wal");
    EXPECT_EQ(found[1].needed, 32 * mb);
    EXPECT_TRUE(found[1].holds_wal);
    EXPECT_EQ(found[2].path, "/new");
    EXPECT_EQ(found[2].needed, 30 * mb);
}

TEST_F(Space, WithoutWaldirTheWalLiesInTheDataDirectory) {
    EXPECT_EQ(places(options, primary)[0].needed, 102 * mb);
    EXPECT_TRUE(places(options, primary)[0].holds_wal);
}

TEST_F(Space, WhatTheRoleMayNotSeeIsNoSize) {
    primary.bytes = 0;
    EXPECT_EQ(places(options, primary)[0].needed, 32 * mb);
}

TEST_F(Space, PlacesOnOneFileSystemShareWhatIsFree) {
    const std::vector<Place> both{{"/a", 60 * mb, true, "1", 100 * mb}, {"/b", 60 * mb, false, "1", 100 * mb}};
    const auto found = shortages(both, 0);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].paths, "\"/a\" and \"/b\"");
    EXPECT_EQ(found[0].needed, 120 * mb);
    const std::vector<Place> apart{{"/a", 60 * mb, true, "1", 100 * mb}, {"/b", 60 * mb, false, "2", 100 * mb}};
    EXPECT_TRUE(shortages(apart, 0).empty());
}

TEST_F(Space, WalMayGrowWhereItLies) {
    const std::vector<Place> found{{"/a", 60 * mb, true, "1", 100 * mb}, {"/b", 60 * mb, false, "2", 100 * mb}};
    const auto short_of = shortages(found, 50 * mb);
    ASSERT_EQ(short_of.size(), 1u);
    EXPECT_TRUE(short_of[0].of_wal_only);
    EXPECT_EQ(short_of[0].paths, "\"/a\"");
    EXPECT_EQ(short_of[0].needed, 110 * mb);
}

TEST_F(Space, LooksAtEachPlace) {
    files.free = 5;
    auto found = places(options, primary);
    look_at_space(files, found);
    EXPECT_EQ(found[1].free, 5u);
    EXPECT_EQ(found[0].file_system, "7");
    EXPECT_EQ(found[1].file_system, "7");
}

}  // namespace
