#include "tool/programs.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

struct Programs : testing::Test {
    fake::Database database;
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};

    void SetUp() override {
        processes.answer = [](const world::Command& command) {
            const bool old = command.argv[0].rfind("/old", 0) == 0;
            return world::Outcome{
                0, old ? "postgres (PostgreSQL) 14.18\n" : "postgres (PostgreSQL) 15.20 (Debian)\n"};
        };
    }
    void install(const std::string& folder) {
        for (const char* program : {"postgres", "pg_basebackup", "pg_verifybackup"})
            files.file(folder + "/" + program);
    }
};

TEST_F(Programs, AreFoundInTheUsualPlaceOfTheirVersion) {
    install("/usr/lib/postgresql/15/bin");
    EXPECT_EQ(programs::find(world, 15, ""), "/usr/lib/postgresql/15/bin");
}

TEST_F(Programs, OfAnotherVersionAreNotTakenAndNamed) {
    install("/old");
    try {
        programs::find(world, 15, "/old");
        FAIL() << "programs of version 14 were taken";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::precondition);
        EXPECT_EQ(failure.message, "the programs of PostgreSQL 15 are not on this host");
        EXPECT_EQ(
            failure.detail,
            "postgres, pg_basebackup and pg_verifybackup of major version 15 were not found together in "
            "/old. /old holds version 14.");
    }
}

TEST_F(Programs, MustBeComplete) {
    install("/new");
    files.nodes.erase("/new/pg_verifybackup");
    EXPECT_THROW(programs::find(world, 15, "/new"), Failure);
}

TEST_F(Programs, OfTheGivenFolderWinOverOthers) {
    install("/usr/lib/postgresql/15/bin");
    install("/new");
    EXPECT_EQ(programs::find(world, 15, "/new"), "/new");
}

TEST_F(Programs, VersionIsZeroWhenItCannotBeTold) {
    processes.answer = [](const auto&) { return world::Outcome{127, "cannot execute\n"}; };
    EXPECT_EQ(programs::major_version(world, "/x"), 0);
    processes.answer = [](const auto&) { return world::Outcome{0, "postgres (PostgreSQL) 19devel\n"}; };
    EXPECT_EQ(programs::major_version(world, "/x"), 19);
}

}  // namespace
