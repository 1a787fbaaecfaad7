#include "tool/host_facts.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

using namespace cloning;
using Texts = std::vector<std::string>;

struct Host : testing::Test {
    fake::Database database;
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    Options options;
    PrimaryFacts primary;
    std::string control, settings = "50\n";

    void SetUp() override {
        files.directory("/srv");
        options.directory = "/srv/s1";
        options.port = 5433;
        options.log = "/srv/s1/server.log";
        primary.version = 150020;
        primary.data_directory = "/pg/p";
        for (const char* program : {"postgres", "pg_basebackup", "pg_verifybackup", "pg_controldata"})
            files.file(std::string("/bin15/") + program);
        options.bin_dir = "/bin15";
        processes.answer = [this](const world::Command& command) -> world::Outcome {
            if (command.argv[0] == "/bin15/pg_controldata") return {0, control};
            if (command.argv.back() == "--version") return {0, "postgres (PostgreSQL) 15.20\n"};
            return {0, settings};
        };
    }
    HostFacts look() {
        HostFacts host = look_at_host(world, options, primary);
        ask_programs(world, options, primary, host);
        return host;
    }
};

TEST_F(Host, AMissingTargetInAWritableParentIsFine) {
    const HostFacts host = look();
    EXPECT_EQ(host.target.state, target::State::missing);
    EXPECT_TRUE(host.parent_writable && host.owned && host.port_free && host.log_usable &&
                host.config_dir_usable);
    EXPECT_TRUE(host.enclosing.empty() && host.former.empty() && host.occupied_outside.empty());
}

TEST_F(Host, SeesADataDirectoryAboveTheTargetAndAboveTheDirectoriesOutside) {
    files.file("/srv/PG_VERSION");
    EXPECT_EQ(look().enclosing, "/srv");
    files.nodes.erase("/srv/PG_VERSION");
    files.file("/pg/p/PG_VERSION");
    options.waldir = "/pg/p/wal";
    EXPECT_EQ(look().enclosing, "/pg/p");
    EXPECT_EQ(look().enclosed, "/pg/p/wal");
}

TEST_F(Host, SeesATablespaceAndTheWalOfAPrimaryOnThisHost) {
    primary.tablespaces = {{"fast", "/ts/fast"}};
    options.tablespace_mapping = {"/ts/fast=/ts/new"};
    files.directory("/ts/fast");
    options.directory = "/ts/fast/s1";
    EXPECT_EQ(look().enclosing, "/ts/fast");
    files.directory("/pg/p/pg_wal");
    options.directory = "/pg/p/pg_wal/s1";
    EXPECT_EQ(look().enclosing, "/pg/p/pg_wal");
    options.directory = "/ts/fast2";
    EXPECT_EQ(look().enclosing, "");
}

TEST_F(Host, TablespacesOfAPrimaryOnThisHostMustBeMapped) {
    primary.tablespaces = {{"fast", "/ts/fa=st"}};
    files.file("/ts/fa=st/PG_15_202209061/1/2");
    EXPECT_EQ(look().occupied_outside, Texts{"/ts/fa=st"});
    options.tablespace_mapping = {"/ts/fa\\=st=/ts/new"};
    EXPECT_TRUE(look().occupied_outside.empty());
}

TEST_F(Host, ADirectoryThatMayNotBeReadIsOccupied) {
    options.waldir = "/wal";
    files.directory("/wal");
    files.unreadable.insert("/wal");
    EXPECT_EQ(look().occupied_outside, Texts{"/wal"});
}

TEST_F(Host, ADirectoryOutsideMayBeSomebodyElses) {
    options.waldir = "/wal";
    files.directory("/wal");
    EXPECT_TRUE(look().foreign_outside.empty());
    files.foreign.insert("/wal");
    EXPECT_EQ(look().foreign_outside, Texts{"/wal"});
}

TEST_F(Host, ADirectoryOutsideNeedsAParentThatLetsUsMakeIt) {
    options.waldir = "/nowhere/wal";
    EXPECT_EQ(look().unmakeable_outside, Texts{"/nowhere/wal"});
    options.waldir = "/srv/wal";
    EXPECT_TRUE(look().unmakeable_outside.empty());
}

TEST_F(Host, TellsWhatAFormerDataDirectoryWas) {
    files.file("/srv/s1/PG_VERSION", "15\n");
    control = "Database system identifier:           100\nDatabase cluster state:               shut down\n";
    EXPECT_EQ(look().former,
              "a PostgreSQL data directory of cluster 100 that ran as a primary (its state: shut down)");
    control =
        "Database system identifier:           100\nDatabase cluster state:               shut down in "
        "recovery\n";
    EXPECT_EQ(look().former,
              "a PostgreSQL data directory of cluster 100 that ran as a standby (its state: shut down in "
              "recovery)");
    control = "nonsense";
    EXPECT_EQ(look().former, "a PostgreSQL data directory");
    files.nodes.erase("/srv/s1/PG_VERSION");
    files.file("/srv/s1/letter.txt");
    EXPECT_EQ(look().former, "");
}

TEST_F(Host, KnowsItsOwnStandbyByTheSlotThatItFollowsOver) {
    options.slot = "s1";
    files.file("/srv/s1/PG_VERSION", "15\n");
    files.file("/srv/s1/postgresql.auto.conf", "primary_slot_name = 's1'\n");
    EXPECT_FALSE(look().is_this_standby);
    files.file("/srv/s1/standby.signal", "");
    EXPECT_TRUE(look().is_this_standby);
    files.file("/srv/s1/postgresql.auto.conf", "primary_slot_name = 'other'\n");
    EXPECT_FALSE(look().is_this_standby);
}

TEST_F(Host, KnowsAPromotedCloneByItsMissingSignal) {
    files.directory("/srv/s1");
    target::Marker marker;
    target::write_marker(files, "/srv/s1", marker);
    EXPECT_FALSE(look().promoted);
    marker.placed = true;
    target::write_marker(files, "/srv/s1", marker);
    EXPECT_TRUE(look().promoted);
    files.file("/srv/s1/standby.signal");
    EXPECT_FALSE(look().promoted);
}

TEST_F(Host, SeesThePortTakenByTcpOrByASocketOfTheStandbysDirectories) {
    processes.taken_ports = {5433};
    EXPECT_FALSE(look().port_free);
    processes.taken_ports.clear();
    primary.socket_directories = "/run/pg, /tmp";
    files.file("/tmp/.s.PGSQL.5433.lock", "42\n/pg/x\n");
    EXPECT_TRUE(look().port_free) << "the server of the lock file is gone";
    processes.living = {42};
    EXPECT_FALSE(look().port_free);
    options.no_start = true;
    EXPECT_TRUE(look().port_free);
}

TEST_F(Host, TheLogNeedsADirectory) {
    options.log = "/var/nowhere/log";
    EXPECT_FALSE(look().log_usable);
    files.directory("/var/nowhere");
    EXPECT_TRUE(look().log_usable);
}

TEST_F(Host, AsksTheServerProgramForTheLimitsInTheUsersOwnFile) {
    options.config_dir = "/etc/s1";
    files.file("/etc/s1/postgresql.conf");
    primary.limits = {{"max_connections", "100"}, {"max_wal_senders", "10"}};
    primary.travelling_limits = {"max_wal_senders"};
    EXPECT_EQ(look().own_limits, (std::map<std::string, std::string>{{"max_connections", "50"}}));
    EXPECT_EQ(processes.ran.back(),
              (Texts{"/bin15/postgres", "-D", "/etc/s1", "-c", "config_file=/etc/s1/postgresql.conf", "-c",
                     "data_directory=/etc/s1", "-C", "max_connections"}));
    files.nodes.erase("/etc/s1/postgresql.conf");
    EXPECT_TRUE(look().own_limits.empty());
}

TEST_F(Host, PassesOnWhatTheServerSaysAboutTheUsersOwnFile) {
    options.config_dir = "/etc/s1";
    files.file("/etc/s1/postgresql.conf");
    primary.limits = {{"max_connections", "100"}};
    processes.answer = [](const world::Command& command) -> world::Outcome {
        if (command.argv.back() == "--version") return {0, "postgres (PostgreSQL) 15.20\n"};
        return {1, "FATAL: bad line 3\n"};
    };
    EXPECT_EQ(look().config_problem, "FATAL: bad line 3");
}

TEST(Mapping, IsReadAsPgBasebackupReadsIt) {
    EXPECT_EQ(split_mapping("/a=/b").from, "/a");
    EXPECT_EQ(split_mapping("/a=/b").to, "/b");
    EXPECT_EQ(split_mapping("/a\\=b=/c\\=d").from, "/a=b");
    EXPECT_EQ(split_mapping("/a\\=b=/c\\=d").to, "/c=d");
    EXPECT_EQ(split_mapping("/a").to, "");
}

}  // namespace
