#include "core/fix.hpp"

#include <gtest/gtest.h>

using Texts = std::vector<std::string>;

TEST(Fix, IsEachStatementOfAHint) {
    EXPECT_EQ(fix::statements("ALTER SYSTEM SET listen_addresses = '*'; -- then restart the server"),
              (Texts{"ALTER SYSTEM SET listen_addresses = '*'"}));
    EXPECT_EQ(fix::statements("ALTER SYSTEM SET full_page_writes = 'on'; SELECT pg_reload_conf();"),
              (Texts{"ALTER SYSTEM SET full_page_writes = 'on'", "SELECT pg_reload_conf()"}));
    EXPECT_EQ(fix::statements("GRANT pg_monitor TO watcher"), (Texts{"GRANT pg_monitor TO watcher"}));
}

TEST(Fix, IsNothingWhereNoStatementMends) {
    for (const char* hint : {"", ";", "Restart the server.", "\\password \"rep\"",
                             "SELECT sender_host FROM pg_stat_wal_receiver; -- and check there",
                             "SELECT * FROM replica.drop_slot('s'); -- if its standby never comes back",
                             "SELECT * FROM replica.drop_slot('s');",
                             "ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); -- until they stream",
                             "ALTER ROLE a LOGIN; DROP DATABASE b"})
        EXPECT_TRUE(fix::statements(hint).empty()) << hint;
}

TEST(Fix, DoesNotCutInsideOfQuotes) {
    const std::string name = "ALTER ROLE \"a; DROP TABLE t; -- b\" LOGIN";
    EXPECT_EQ(fix::statements(name + ";"), (Texts{name}));
    const std::string value = "ALTER SYSTEM SET archive_command = 'it''s; -- this'";
    EXPECT_EQ(fix::statements(value + "; -- then restart the server"), (Texts{value}));
}

TEST(Fix, IsAnArrayThatTheServerReads) {
    EXPECT_EQ(fix::array({}), "{}");
    EXPECT_EQ(fix::array({"a", "say \"b\\\"", ""}), "{\"a\",\"say \\\"b\\\\\\\"\",\"\"}");
}
