#include "tool/connection.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include <cstdlib>

#include "tool/failure.hpp"

namespace {

struct Connection : testing::Test {
    connection::Options options;

    void SetUp() override {
        for (const char* name : {"PGDATABASE", "PGSERVICE"}) unsetenv(name);
    }
    void TearDown() override { SetUp(); }
    std::string effective(const std::string& keyword) { return connection::parameters(options).get(keyword); }
};

TEST_F(Connection, OptionsBecomeParameters) {
    options = {"db1", "5433", "Ann", "app", false};
    const auto parameters = connection::parameters(options);
    EXPECT_EQ(parameters.pairs(),
              (std::vector<std::pair<std::string, std::string>>{
                  {"host", "db1"}, {"port", "5433"}, {"user", "Ann"}, {"dbname", "app"}}));
}

TEST_F(Connection, DatabaseIsPostgresUnlessSomethingNamesOne) {
    EXPECT_EQ(effective("dbname"), "postgres");
    options.dbname = "app";
    EXPECT_EQ(effective("dbname"), "app");
    options.dbname = "host=db2";
    EXPECT_EQ(effective("dbname"), "postgres");
    options.dbname = "service=main";
    EXPECT_EQ(effective("dbname"), "");
    options.dbname.clear();
    setenv("PGDATABASE", "app", 1);
    EXPECT_EQ(effective("dbname"), "") << "libpq takes it from the environment";
    setenv("PGDATABASE", "", 1);
    EXPECT_EQ(effective("dbname"), "postgres");
    unsetenv("PGDATABASE");
    setenv("PGSERVICE", "main", 1);
    EXPECT_EQ(effective("dbname"), "");
}

TEST_F(Connection, AConnectionStringWinsOverTheOtherOptions) {
    options = {"db1", "5433", "ann", "host=db2 user='b b'", false};
    EXPECT_EQ(effective("host"), "db2");
    EXPECT_EQ(effective("user"), "b b");
    EXPECT_EQ(effective("port"), "5433");
}

TEST_F(Connection, AUriIsExpanded) {
    for (const std::string scheme : {"postgresql", "postgres"}) {
        options.dbname = scheme + "://bob%20b@db3:5444/my%2Fapp?sslmode=require";
        EXPECT_EQ(effective("host"), "db3");
        EXPECT_EQ(effective("port"), "5444");
        EXPECT_EQ(effective("user"), "bob b");
        EXPECT_EQ(effective("dbname"), "my/app");
        EXPECT_EQ(effective("sslmode"), "require");
    }
}

TEST_F(Connection, AStringThatLibpqCannotReadIsAUsageErrorWithoutItsText) {
    options.dbname = "host=db1 password='secret";
    try {
        connection::parameters(options);
        FAIL() << "it was taken";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::usage);
        EXPECT_EQ(failure.message, "the connection string cannot be read");
        EXPECT_EQ(failure.detail.find("secret"), std::string::npos) << failure.detail;
    }
}

TEST_F(Connection, APortThatIsNoneIsAUsageError) {
    for (const char* port : {"abc", "0", "65536", "99999", "5432x", "-1", "5432,abc"}) {
        options.port = port;
        try {
            connection::parameters(options);
            ADD_FAILURE() << port << " was taken";
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code, ExitCode::usage);
            EXPECT_EQ(failure.message, std::string("\"") + port + "\" is not a port");
        }
    }
    for (const char* port : {"1", "65535", "5432,5433", ""}) {
        options.port = port;
        EXPECT_EQ(effective("port"), port);
    }
    options.dbname = "port=99999";
    EXPECT_THROW(connection::parameters(options), Failure);
}

TEST_F(Connection, AHostInBracketsIsAUsageError) {
    options.host = "[::1]";
    try {
        connection::parameters(options);
        FAIL() << "it was taken";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::usage);
        EXPECT_EQ(failure.message, "\"[::1]\" is not a host");
        EXPECT_EQ(failure.hint, "Write the address without brackets: -h ::1");
    }
    options = {"", "", "", "postgresql://ann@[::1]:5432/app", false};
    EXPECT_EQ(effective("host"), "::1");
}

TEST_F(Connection, NeverPromptsWithTheOption) {
    EXPECT_EQ(connection::prompt(options), world::Prompt::on_terminal);
    options.no_password = true;
    EXPECT_EQ(connection::prompt(options), world::Prompt::never);
}

TEST_F(Connection, CommandLineIsThatOfTheServersOwnClients) {
    CLI::App app;
    app.set_help_flag("-?,--help", "");
    connection::add_options(app, options);
    app.parse("-h db1 -p 5433 -U ann -d app -w");
    EXPECT_EQ(options.host + options.port + options.user + options.dbname, "db15433annapp");
    EXPECT_TRUE(options.no_password);
}

}  // namespace
