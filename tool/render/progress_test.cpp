#include "tool/render/progress.hpp"

#include <gtest/gtest.h>

TEST(Progress, BytesAreReadable) {
    EXPECT_EQ(render::bytes(0), "0 bytes");
    EXPECT_EQ(render::bytes(1023), "1023 bytes");
    EXPECT_EQ(render::bytes(1536), "1.5 kB");
    EXPECT_EQ(render::bytes(3ULL << 30), "3.0 GB");
}

TEST(Progress, ShowsPhasePercentRateAndTimeLeft) {
    EXPECT_EQ(render::progress({"copying files", 1 << 30, 2ULL << 30}, 8),
              "copying files  [##########..........]  50%  1.0 GB of 2.0 GB  128.0 MB/s  8 s left");
}

TEST(Progress, NeverShowsMoreThanAllOrDividesByNothing) {
    EXPECT_EQ(render::progress({"copying files", 300, 200}, 0),
              "copying files  [####################] 100%  300 bytes of 300 bytes");
    EXPECT_EQ(render::progress({"waiting for checkpoint", 0, 0}, 7), "waiting for checkpoint  7 s");
    EXPECT_EQ(render::progress({"copying files", 2048, 0}, 2), "copying files  2.0 kB  1.0 kB/s");
}
