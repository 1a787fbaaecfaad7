#include "tool/config_text.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

struct ConfigText : testing::Test {
    fake::Tree tree;

    std::optional<config_text::Settings> read(const std::string& config_file = "") {
        return config_text::Settings::read(tree, {"/bin", "/d", config_file, ""});
    }
};

}  // namespace

TEST_F(ConfigText, TheLastLineWinsAndAutoConfStandsBehind) {
    tree.file("/d/postgresql.conf", "port = 5433\nPort 5434 # later\n#port = 1\ncluster_name = 'it''s'\nmax_connections = 50\n");
    tree.file("/d/postgresql.auto.conf", "max_connections = '70'\n");
    const auto settings = read();
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->value("port"), "5434");
    EXPECT_EQ(settings->value("cluster_name"), "it's");
    EXPECT_EQ(settings->value("max_connections"), "70");
    EXPECT_FALSE(settings->value("log_directory"));
}

TEST_F(ConfigText, AConfigurationOutsideIsReadWhereItIs) {
    tree.file("/d/postgresql.conf", "port = 1\n");
    tree.file("/etc/x.conf", "port = 2\n");
    EXPECT_EQ(read("/etc/x.conf")->value("port"), "2");
}

TEST_F(ConfigText, IncludesAreForTheServerToRead) {
    EXPECT_FALSE(read());
    for (const char* line : {"include 'x.conf'", "  include_dir = 'conf.d'", "include_if_exists x"}) {
        tree.file("/d/postgresql.conf", std::string("port = 1\n") + line + "\n");
        EXPECT_FALSE(read()) << line;
    }
}

TEST(PlainNumber, IsWhatEveryReaderTakesForTheSame) {
    for (const char* text : {"0", "5432", "100"}) EXPECT_TRUE(config_text::is_plain_number(text)) << text;
    for (const char* text : {"", "010", "0x10", "1e2", "10MB", "-1", "9999999999"}) EXPECT_FALSE(config_text::is_plain_number(text)) << text;
}
