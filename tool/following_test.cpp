#include "tool/following.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"

namespace {

const std::string left_at_200 = "1\t0/200\tno recovery target specified\n";

bool goes_on(const following::Node& standby, const following::Node& upstream) {
    try {
        following::check(standby, upstream);
        return true;
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::precondition);
        return false;
    }
}

}  // namespace

TEST(Following, GoesOnOnOneTimelineAndToANewerOne) {
    EXPECT_TRUE(goes_on({true, 1, "", "0/100"}, {false, 1, "", "0/100"}));
    EXPECT_TRUE(goes_on({true, 1, "", "0/200"}, {false, 2, left_at_200, "0/300"}));
}

TEST(Following, RefusesAStandbyThatWentBeyondTheFork) {
    EXPECT_FALSE(goes_on({true, 1, "", "0/208"}, {false, 2, left_at_200, "0/300"}));
}

TEST(Following, RefusesAnOlderTimelineAndAnUpstreamThatIsBehind) {
    EXPECT_FALSE(goes_on({true, 2, left_at_200, "0/300"}, {false, 1, "", "0/400"}));
    EXPECT_FALSE(goes_on({true, 1, "", "0/180"}, {true, 1, "", "0/100"}));
}

TEST(Following, ReadsThePasswordFile) {
    EXPECT_EQ(following::password_for("other:5432:*:someone:no\nold:5432:*:rep:a\\:b\\\\c\n", "rep"), "a:b\\c");
    EXPECT_EQ(following::password_for("# nothing\n", "rep"), "");
}
