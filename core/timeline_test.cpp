#include "core/timeline.hpp"

#include <gtest/gtest.h>

using timeline::Entry;
using timeline::not_left;
using Path = std::vector<Entry>;

TEST(Timeline, PathReadsTheLinesOfAHistoryFile) {
    const auto path = timeline::path("1\t0/3000148\tno recovery target specified\n\n# a note\n2\t1/0\treason\n", 4);
    EXPECT_EQ(path, (Path{{1, 0x3000148}, {2, 0x100000000}, {4, not_left}}));
}

TEST(Timeline, PathOfTheFirstTimelineIsItself) { EXPECT_EQ(timeline::path("", 1), (Path{{1, not_left}})); }

TEST(Timeline, PathOfAnythingElseIsNothing) {
    EXPECT_FALSE(timeline::path("hello world\n", 2));
    EXPECT_FALSE(timeline::path("1\tnowhere\n", 2));
    EXPECT_FALSE(timeline::path("2\t0/1\n1\t0/2\n", 3)) << "the numbers rise";
    EXPECT_FALSE(timeline::path("5\t0/1\n", 3)) << "and stay below the last";
}

TEST(Timeline, ForkIsWhereTheNewTimelineBegan) {
    EXPECT_EQ(timeline::fork(Path{{1, 100}, {2, not_left}}, Path{{1, not_left}}), (Entry{1, 100}));
    EXPECT_EQ(timeline::fork(Path{{1, not_left}}, Path{{1, 100}, {2, not_left}}), (Entry{1, 100}));
}

TEST(Timeline, ForkOfOneTimelineIsNotThere) {
    EXPECT_EQ(timeline::fork(Path{{1, 100}, {2, not_left}}, Path{{1, 100}, {2, not_left}}), (Entry{2, not_left}));
}

TEST(Timeline, ForkOfTwoPromotionsIsTheEarlierOne) {
    EXPECT_EQ(timeline::fork(Path{{1, 300}, {3, not_left}}, Path{{1, 100}, {2, not_left}}), (Entry{1, 100}));
    // the same number, begun twice at different places: only the first timeline is shared
    EXPECT_EQ(timeline::fork(Path{{1, 300}, {2, not_left}}, Path{{1, 100}, {2, not_left}}), (Entry{1, 100}));
}

TEST(Timeline, ForkOfStrangersIsNothing) { EXPECT_FALSE(timeline::fork(Path{{1, not_left}}, Path{{2, not_left}})); }
