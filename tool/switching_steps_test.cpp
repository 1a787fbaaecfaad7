#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"
#include "tool/switching_run.hpp"

namespace {

// The primary in /srv/p has been told to stop, and its server is gone.
struct SwitchingSteps : testing::Test {
    fake::Database database;
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    tool::Link link{database, std::make_unique<fake::Session>(), "the standby"};
    std::shared_ptr<switching::Run> run;

    SwitchingSteps() {
        files.directory("/srv/p");
        files.file("/bin/pg_controldata");
        cloning::Options options;
        options.directory = "/srv/p";
        options.slot = "p";
        const auto base = std::make_shared<rejoin::Run>();
        base->standby = std::make_shared<cloning::Run>(options, cloning::PrimaryFacts{}, cloning::HostFacts{}, link);
        base->standby->bin_dir = "/bin";
        run = std::make_shared<switching::Run>(base, switching::Facts{});
        run->marker.system_identifier = "100";
    }
    void control_says(const std::string& state, const std::string& redo) {
        const std::string text = "Database system identifier: 100\nDatabase cluster state: " + state +
                                 "\nLatest checkpoint location: 0/3000060\nLatest checkpoint's REDO location: " + redo + "\n";
        processes.answer = [text](const world::Command&) -> world::Outcome { return {0, text}; };
    }
    std::uint64_t noted() { return switching::read_marker(files, "/srv/p").value_or(switching::Marker{}).end; }
};

// The other server, which is a standby still.
struct Standby : world::Database {
    std::unique_ptr<world::Session> connect(const conninfo::Parameters&, const std::string&, world::Prompt) override {
        auto session = std::make_unique<fake::Session>();
        session->answer("pg_is_in_recovery", world::Rows{{"recovery"}, {{"t"}}, {}});
        return session;
    }
};

}  // namespace

TEST_F(SwitchingSteps, ThePrimarysLastRecordIsItsShutdownCheckpoint) {
    control_says("shut down", "0/3000060");
    switching::stop(world, *run);
    EXPECT_EQ(noted(), 0x3000060u);
}

TEST_F(SwitchingSteps, AServiceThatHasStartedItAgainAsAStandbyHidesNothing) {
    control_says("in archive recovery", "0/3000060");
    switching::stop(world, *run);
    EXPECT_EQ(noted(), 0x3000060u);
}

TEST_F(SwitchingSteps, AfterACrashTheEndIsNotKnownWhateverTheStateSays) {
    for (const char* state : {"in production", "in archive recovery", "shut down in recovery"}) {
        control_says(state, "0/3000028");
        EXPECT_THROW(switching::stop(world, *run), core::Error) << state;
        EXPECT_EQ(noted(), 0u);
    }
    control_says("in production", "0/3000060");
    EXPECT_THROW(switching::stop(world, *run), core::Error) << "it was started as a primary";
}

TEST_F(SwitchingSteps, WhatAlterSystemHasSetMeanwhileStaysWhenTheConfigurationIsPutBack) {
    const std::string path = "/srv/p/postgresql.auto.conf", before = "port = '5433'\nprimary_slot_name = 'old'\n";
    files.file(path, before);
    rejoin::configure(world, *run->base);
    EXPECT_NE(files.read(path), before);
    rejoin::restore_configuration(world, *run->base);
    EXPECT_EQ(files.read(path), before);
    rejoin::configure(world, *run->base);
    files.file(path, files.read(path) + "work_mem = '7MB'\n");
    rejoin::restore_configuration(world, *run->base);
    EXPECT_EQ(files.read(path), "port = '5433'\nwork_mem = '7MB'\nprimary_slot_name = 'old'\n");
}

TEST_F(SwitchingSteps, APrimaryThatDoesNotStartAgainStaysFencedSoThatTheSameCommandTriesAgain) {
    Standby standby;
    world::World now{standby, files, processes, reporter};
    files.file("/srv/p/standby.signal", "");
    switching::write_marker(files, "/srv/p", run->marker);
    run->stopping = true;
    EXPECT_THROW(switching::start_again(now, *run), core::Error);
    EXPECT_EQ(files.kind("/srv/p/standby.signal"), world::Kind::file);
    EXPECT_TRUE(switching::read_marker(files, "/srv/p"));
}
