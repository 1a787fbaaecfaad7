#include "tool/connect_hint.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using namespace connect_hint;

Facts facts() { return {"db1", "5432", "ann", "app", "/home/ann/.pgpass", Passfile::readable, false, false}; }

std::string without_password(Passfile state) {
    Facts asked = facts();
    asked.state = state;
    asked.needs_password = true;
    return text(asked);
}

TEST(ConnectHint, AMissingPasswordNamesTheFileThatWasLookedAt) {
    EXPECT_EQ(without_password(Passfile::open_to_others),
              "libpq ignores the password file because others may read it; run: chmod 600 /home/ann/.pgpass");
    EXPECT_EQ(without_password(Passfile::readable),
              "No line of the password file /home/ann/.pgpass fits; add this one, with the password: "
              "db1:5432:app:ann:PASSWORD");
    EXPECT_EQ(without_password(Passfile::missing),
              "Write the line db1:5432:app:ann:PASSWORD with the password into the file /home/ann/.pgpass (chmod "
              "600), or name the password file with PGPASSFILE, or run without -w on a terminal to be asked.");
    EXPECT_NE(without_password(Passfile::no_plain_file).find("no plain file"), std::string::npos);
    EXPECT_NE(without_password(Passfile::unreadable).find("may not read"), std::string::npos);
    EXPECT_NE(without_password(Passfile::unknown).find("PGPASSFILE"), std::string::npos);
}

TEST(ConnectHint, TheLineForASocketFitsWhateverItsDirectory) {
    Facts asked = facts();
    asked.needs_password = true;
    asked.host = "/run/postgresql";
    EXPECT_NE(text(asked).find(": *:5432:app:ann:PASSWORD"), std::string::npos) << text(asked);
    asked.host = "";
    EXPECT_NE(text(asked).find(": localhost:5432:"), std::string::npos) << text(asked);
}

// The server may have refused for another reason after it took the password: no such database, for one.
TEST(ConnectHint, AUsedPasswordIsNotBlamed) {
    Facts refused = facts();
    refused.used_password = true;
    EXPECT_EQ(text(refused),
              "The message above is the server's or libpq's own. When it is about authentication, the password may be "
              "wrong or expired, or an earlier line of /home/ann/.pgpass fits, too; otherwise check -d and -U, and that "
              "max_connections leaves a connection free. The "
              "server's log may tell more.");
}

TEST(ConnectHint, WithoutAPassword) {
    EXPECT_NE(text(facts()).find("When no server answered, check -h and -p"), std::string::npos);
    Facts brackets = facts();
    brackets.host = "[::1]";
    EXPECT_EQ(text(brackets), "Write an IPv6 address without brackets: -h ::1");
}

TEST(ConnectHint, LooksAtTheFileAsLibpqDoes) {
    char name[] = "/tmp/connect_hint_XXXXXX";
    const std::string directory = mkdtemp(name), file = directory + "/pgpass";
    EXPECT_EQ(look_at(""), Passfile::unknown);
    EXPECT_EQ(look_at(file), Passfile::missing);
    EXPECT_EQ(look_at(directory), Passfile::no_plain_file);
    std::ofstream(file) << "line\n";
    chmod(file.c_str(), 0640);
    EXPECT_EQ(look_at(file), Passfile::open_to_others);
    chmod(file.c_str(), 0600);
    EXPECT_EQ(look_at(file), Passfile::readable);
    std::filesystem::remove_all(directory);
}

}  // namespace
