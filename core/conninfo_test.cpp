#include "core/conninfo.hpp"

#include <gtest/gtest.h>

TEST(Conninfo, PlainValuesStayReadable) {
    EXPECT_EQ(conninfo::format({{"host", "10.0.0.1"}, {"port", "5432"}, {"user", "replicationUser"}}),
              "host=10.0.0.1 port=5432 user=replicationUser");
}

TEST(Conninfo, ValuesThatWouldEndEarlyOrAddKeywordsAreQuoted) {
    EXPECT_EQ(conninfo::quote("a b"), "'a b'");
    EXPECT_EQ(conninfo::quote("x port=1"), "'x port=1'");
    EXPECT_EQ(conninfo::quote("it's"), "'it\\'s'");
    EXPECT_EQ(conninfo::quote("a\\"), "'a\\\\'");
    EXPECT_EQ(conninfo::quote(""), "''");
}

TEST(Conninfo, AKeywordStandsOnce) {
    conninfo::Parameters parameters{{"host", "a"}, {"port", "1"}};
    parameters.set("host", "b");
    parameters.set("port", "");
    parameters.set("user", "");
    EXPECT_EQ(conninfo::format(parameters), "host=b");
    EXPECT_FALSE(parameters.has("port"));
}

TEST(Conninfo, PassfileFieldsEscapeColonAndBackslash) {
    EXPECT_EQ(conninfo::passfile_line("fe80::1", "5432", "*", "a:b", "p\\w:d"), "fe80\\:\\:1:5432:*:a\\:b:p\\\\w\\:d");
}
