#include "tool/guard.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_files.hpp"

namespace {

struct Guard : testing::Test {
    fake::Tree files;
    guard::Own own{"100", 1};
    peer::Answer answer;

    Guard() {
        files.directory("/srv/p");
        answer.answers = answer.asked = true;
        answer.system_identifier = "100";
        answer.timeline = 2;
    }
    bool allows() {
        try {
            guard::check(own, answer, "db2 port 5432", "/srv/p");
            return true;
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code, ExitCode::precondition);
            return false;
        }
    }
};

}  // namespace

TEST_F(Guard, AnotherPrimaryOnALaterTimelineForbidsTheStart) {
    EXPECT_FALSE(allows());
    answer.timeline = 1;
    EXPECT_FALSE(allows()) << "two primaries on one timeline are no better";
}

TEST_F(Guard, AnOlderPrimaryAStandbyAndAnotherClusterDoNot) {
    own.timeline = 3;
    EXPECT_TRUE(allows()) << "that one must go, not this one";
    own.timeline = 1;
    answer.in_recovery = true;
    EXPECT_TRUE(allows());
    answer.in_recovery = false;
    answer.system_identifier = "200";
    EXPECT_TRUE(allows());
}

TEST_F(Guard, TheDirectoryTellsWhetherOthersHaveToBeAsked) {
    EXPECT_EQ(guard::look(files, "/srv/p"), guard::Kind::primary);
    files.file("/srv/p/standby.signal");
    EXPECT_EQ(guard::look(files, "/srv/p"), guard::Kind::standby);
    files.file("/srv/p/pg_replica.refresh", "anything");
    EXPECT_EQ(guard::look(files, "/srv/p"), guard::Kind::unfinished);
    files.remove("/srv/p/pg_replica.refresh");
    files.file("/srv/p/pg_replica.rejoin", "anything");
    EXPECT_EQ(guard::look(files, "/srv/p"), guard::Kind::unfinished);
}

TEST_F(Guard, PeersStandInTheirFileAndInPrimaryConninfo) {
    files.file("/srv/p/pg_replica.peers", "# the others\nhost=db2 user=rep\n\n  postgresql://rep@db3/\n");
    files.file("/srv/p/postgresql.auto.conf", "primary_conninfo = 'host=old'\nprimary_conninfo = 'host=db1 user=rep'\n");
    EXPECT_EQ(guard::known_peers(files, "/srv/p"),
              (std::vector<std::string>{"host=db2 user=rep", "postgresql://rep@db3/", "host=db1 user=rep"}));
}
