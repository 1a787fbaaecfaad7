#include "tool/render/text.hpp"

#include <gtest/gtest.h>

TEST(Text, LetsNoControlCharacterThrough) {
    EXPECT_EQ(render::escaped("a\x1b[2Jb\n"), "a\\x1b[2Jb\\x0a");
    EXPECT_EQ(render::escaped("\x7f\xc2\x9b"), "\\x7f\\x9b");
    EXPECT_EQ(render::escaped("\xe2\x80\xae"
                              "gnp"),
              "\\u202egnp");
    EXPECT_EQ(render::escaped("k\xc3\xa4se \xe2\x9c\x93"), "k\xc3\xa4se \xe2\x9c\x93");
}

TEST(Text, EscapesWhatIsNotUtf8) {
    EXPECT_EQ(render::escaped("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(render::escaped("\xc0\xaf"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(render::escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a surrogate pair
}

TEST(Text, CountsColumnsNotBytes) {
    EXPECT_EQ(render::columns("k\xc3\xa4se"), 4U);
    EXPECT_EQ(render::columns("\xe6\x97\xa5\xe6\x9c\xac"), 4U);  // two ideographs
    EXPECT_EQ(render::columns("e\xcc\x81"), 1U);                 // a combining accent
    EXPECT_EQ(render::columns(""), 0U);
}

TEST(Text, WrapsAtSpacesAndKeepsLongWordsWhole) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(render::wrapped("one two three", 7), (Lines{"one two", "three"}));
    EXPECT_EQ(render::wrapped("a incomprehensibilities b", 5), (Lines{"a", "incomprehensibilities", "b"}));
    EXPECT_EQ(render::wrapped("one\ntwo three", 0), (Lines{"one", "two three"}));
    EXPECT_EQ(render::wrapped("", 10), (Lines{""}));
}

TEST(Text, OneLineIsOneLineWhateverItHolds) {
    EXPECT_EQ(render::one_line("", 20), "");
    EXPECT_EQ(render::one_line("  SELECT\n\t 1,\r\n 2 ", 20), "SELECT 1, 2");
    EXPECT_EQ(render::one_line("a\x1b[2Jb\xe2\x80\xaeignored", 40), "a\\x1b[2Jb\\u202eignored");
    EXPECT_EQ(render::one_line("12345678", 8), "12345678");
    EXPECT_EQ(render::one_line("123456789", 8), "12345...");
    EXPECT_EQ(render::one_line("\xe4\xb8\x89\xe4\xb8\x89\xe4\xb8\x89", 5), "\xe4\xb8\x89...");
    EXPECT_EQ(render::one_line(std::string(300, 'x'), 3), "...");
}
