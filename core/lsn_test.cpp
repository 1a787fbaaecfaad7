#include "core/lsn.hpp"

#include <gtest/gtest.h>

TEST(Lsn, ParsesWhatTheServerPrints) {
    EXPECT_EQ(lsn::parse("0/0"), 0U);
    EXPECT_EQ(lsn::parse("0/3000028"), 0x3000028U);
    EXPECT_EQ(lsn::parse("16/B374D848"), 0x16B374D848ULL);
    EXPECT_EQ(lsn::parse("FFFFFFFF/FFFFFFFF"), 0xFFFFFFFFFFFFFFFFULL);
}

TEST(Lsn, RefusesEverythingElse) {
    for (const char* text : {"", "/", "0/", "/0", "0", "0/G", "0 /0", "+1/0", "-1/0", "100000000/0", "0/0 ", "0x1/0"})
        EXPECT_FALSE(lsn::parse(text)) << '"' << text << '"';
}

TEST(Lsn, FormatIsTheInverseOfParse) {
    for (const char* text : {"0/0", "0/3000028", "16/B374D848", "FFFFFFFF/FFFFFFFF"})
        EXPECT_EQ(lsn::format(*lsn::parse(text)), text);
}
