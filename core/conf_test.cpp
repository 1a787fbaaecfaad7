#include "core/conf.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

TEST(Conf, ValuesAreQuotedAsTheServerReadsThem) {
    EXPECT_EQ(conf::line({"primary_conninfo", "password='a b' x=\\"}), "primary_conninfo = 'password=''a b'' x=\\\\'\n");
    EXPECT_EQ(conf::parse(conf::line({"a", "it's \\ 'q'"}))[0].value, "it's \\ 'q'");
}

TEST(Conf, AValueWithALineBreakIsRefused) {
    try {
        conf::quote("x'\narchive_command = 'rm -rf /");
        ADD_FAILURE() << "a second setting in a value";
    } catch (const core::Error& error) {
        EXPECT_EQ(error.sqlstate, "22023");
        EXPECT_EQ(error.message, "configuration value contains a control character");
    }
}

TEST(Conf, EveryFormOfASettingIsUnderstood) {
    const auto lines = conf::parse("# c\n\nPort=5433 # x\n port 5434\na.b = 'c'' d\\'e' # f\ninclude 'x'\nshared_buffers\t=\t1GB");
    ASSERT_EQ(lines.size(), 7U);
    EXPECT_EQ(lines[0].name, "");
    EXPECT_EQ(lines[2].name, "port");
    EXPECT_EQ(lines[2].value, "5433");
    EXPECT_EQ(lines[3].value, "5434");
    EXPECT_EQ(lines[4].name, "a.b");
    EXPECT_EQ(lines[4].value, "c' d'e");
    EXPECT_EQ(lines[5].name, "");
    EXPECT_EQ(lines[6].value, "1GB");
}

TEST(Conf, WithoutDropsExactlyTheNamedSettings) {
    EXPECT_EQ(conf::without("# Do not edit\nport = '1'\nports = '2'\nPORT = '3'\n", {"port"}),
              "# Do not edit\nports = '2'\n");
}

TEST(Conf, SettingsArePutBackWithoutTouchingOthers) {
    const std::string before = "# Do not edit\nport = '1'\nwork_mem = '4MB'\n";
    const std::string ours = "# Do not edit\nwork_mem = '4MB'\nport = '2'\n";
    EXPECT_EQ(conf::with_lines_of(before, ours, {"port"}), before);
    EXPECT_EQ(conf::with_lines_of(before, "# Do not edit\nwork_mem = '8MB'\nport = '2'\n", {"port"}),
              "# Do not edit\nwork_mem = '8MB'\nport = '1'\n");
    EXPECT_EQ(conf::with_lines_of("", "port = '2'\n", {"port"}), "");
    EXPECT_EQ(conf::with_lines_of(before, ours, {}), ours);
}
