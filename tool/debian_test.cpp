#include "tool/debian.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

using debian::cluster_of;

constexpr const char* root = "/etc/postgresql";

TEST(Debian, AClusterIsKnownByThePlaceOfItsConfiguration) {
    const auto cluster = cluster_of("/etc/postgresql/15/replica", root);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->version + " " + cluster->name, "15 replica");
    EXPECT_EQ(debian::start_command(*cluster), "pg_ctlcluster 15 replica start");
    for (const char* other : {"/etc/postgresql/15", "/etc/postgresql/x/replica", "/etc/postgresql/15/a/b", "/srv/15/replica", ""})
        EXPECT_FALSE(cluster_of(other, root)) << other;
}

struct DebianProblem : testing::Test {
    fake::Tree files;
    const std::string dir = "/etc/postgresql/15/replica";
    std::string problem(int major = 15) { return debian::problem(files, {"15", "replica"}, dir, major, "/srv/data"); }
};

TEST_F(DebianProblem, NoneWhereNothingIsThere) { EXPECT_EQ(problem(), ""); }

TEST_F(DebianProblem, AnotherVersion) {
    EXPECT_EQ(problem(16), "\"/etc/postgresql/15/replica\" is a place for clusters of version 15, and the primary has 16");
}

TEST_F(DebianProblem, AClusterOfOtherData) {
    files.file(dir + "/postgresql.conf", "data_directory = '/var/lib/postgresql/15/replica'\n");
    EXPECT_EQ(problem(), "the cluster 15 replica is there already, with its data in \"/var/lib/postgresql/15/replica\"");
    files.file(dir + "/postgresql.conf", "data_directory = '/srv/data'\n");
    EXPECT_EQ(problem(), "");
}

}  // namespace
