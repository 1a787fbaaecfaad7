#include "tool/refresh_packing.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"

namespace {

using refresh::Compression;
using refreshing::Packing;
using Seconds = std::chrono::duration<double>;

}  // namespace

TEST(RefreshPacking, ASlowLinkIsPackedFromTheFirstMegabyteOn) {
    Packing packing(Packing::Wish::automatic);
    packing.saw(900 << 10, Seconds(0.008));
    EXPECT_EQ(packing.method(), Compression::none);  // too little to tell
    packing.saw(200 << 10, Seconds(0.002));
    EXPECT_EQ(packing.method(), Compression::lz4);  // 110 MB/s
}

TEST(RefreshPacking, AFastLinkNeverIs) {
    Packing packing(Packing::Wish::automatic);
    packing.saw(1 << 20, Seconds(0.001));
    packing.saw(10 << 20, Seconds(5));
    EXPECT_EQ(packing.method(), Compression::none);
}

TEST(RefreshPacking, TheUsersWordStands) {
    Packing none(refreshing::packing_wish("none")), lz4(refreshing::packing_wish("lz4"));
    EXPECT_EQ(lz4.method(), Compression::lz4);
    lz4.saw(10 << 20, Seconds(0.001));
    none.saw(10 << 20, Seconds(5));
    EXPECT_EQ(lz4.method(), Compression::lz4);
    EXPECT_EQ(none.method(), Compression::none);
    EXPECT_THROW(refreshing::packing_wish("gzip"), Failure);
}
