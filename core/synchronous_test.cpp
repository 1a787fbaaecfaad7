#include "core/synchronous.hpp"

#include <gtest/gtest.h>

using Strings = std::vector<std::string>;

TEST(Synchronous, EmptyMeansNobody) {
    for (const char* text : {"", "  ", "\t\n"}) {
        const auto names = synchronous::parse(text);
        ASSERT_TRUE(names) << '"' << text << '"';
        EXPECT_EQ(names->required, 0);
        EXPECT_TRUE(names->names.empty());
    }
}

TEST(Synchronous, APlainListWantsItsFirst) {
    const auto names = synchronous::parse("s1, \"site-a\",S3");
    ASSERT_TRUE(names);
    EXPECT_EQ(names->required, 1);
    EXPECT_FALSE(names->quorum);
    EXPECT_EQ(names->names, (Strings{"s1", "site-a", "S3"}));
}

TEST(Synchronous, CountsAndMethods) {
    const auto first = synchronous::parse("first 2 (a,b,c)");
    const auto any = synchronous::parse("ANY 3 (*)");
    const auto old = synchronous::parse("2(a, b)");
    ASSERT_TRUE(first && any && old);
    EXPECT_EQ(first->required, 2);
    EXPECT_FALSE(first->quorum);
    EXPECT_EQ(any->required, 3);
    EXPECT_TRUE(any->quorum);
    EXPECT_EQ(any->names, Strings{"*"});
    EXPECT_EQ(old->required, 2);
    EXPECT_EQ(old->names, (Strings{"a", "b"}));
}

TEST(Synchronous, NumbersAndQuotesAreNamesToo) {
    const auto names = synchronous::parse(R"(12, "a""b", "first", käse)");
    ASSERT_TRUE(names);
    EXPECT_EQ(names->names, (Strings{"12", "a\"b", "first", "käse"}));
}

TEST(Synchronous, RefusesWhatTheServerRefuses) {
    for (const char* text : {",", "a,", ",a", "a b", "site-a", "2 ()", "ANY (a)", "ANY 0 (a)", "0 (a)", "FIRST 1 (a",
                             "\"\"", "\"a", "ANY 99999999999 (a)", "1 (a) b", "(a)", "a)"})
        EXPECT_FALSE(synchronous::parse(text)) << text;
}

TEST(Synchronous, ListedWithoutRegardToCase) {
    const auto names = synchronous::parse("Alpha, \"site-B\"");
    ASSERT_TRUE(names);
    EXPECT_TRUE(synchronous::lists(*names, "alpha"));
    EXPECT_TRUE(synchronous::lists(*names, "SITE-b"));
    EXPECT_FALSE(synchronous::lists(*names, "alph"));
    EXPECT_FALSE(synchronous::lists(*names, "alpha2"));
    EXPECT_TRUE(synchronous::lists(*synchronous::parse("*"), "anything"));
    EXPECT_FALSE(synchronous::lists(*synchronous::parse(""), "anything"));
}
