#include "tool/server.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tool/failure.hpp"

#include <csignal>

#include "core/error.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_processes.hpp"

namespace {

using Texts = std::vector<std::string>;
using std::chrono::seconds;

const std::string dir = "/srv/s1";
const server::Launch launch{"/bin", dir, "", dir + "/server.log"};

struct Server : testing::Test {
    fake::Database database;
    fake::Tree files;
    fake::ScriptedProcesses processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};

    void SetUp() override { files.directory(dir); }
    void pid_file(const std::string& status, const std::string& listen = "*") {
        files.file(dir + "/postmaster.pid", "77\n" + dir + "\n1700000000\n5433\n/run/pg\n" + listen +
                                                "\n 12345 1\n" + status + "  \n");
    }
    core::Error start_error(seconds limit = seconds(5)) {
        try {
            server::start(world, launch, limit);
        } catch (const core::Error& error) {
            return error;
        }
        ADD_FAILURE() << "it started";
        return {"", ""};
    }
};

TEST_F(Server, IsReadFromPostmasterPid) {
    pid_file("ready");
    processes.living = {77};
    const auto found = server::running(world, dir);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pid, 77);
    EXPECT_EQ(found->port, "5433");
    EXPECT_EQ(found->socket_directory, "/run/pg");
    EXPECT_EQ(found->listen_address, "*");
    EXPECT_EQ(found->status, "ready");
}

TEST_F(Server, DoesNotRunWithoutThatFileOrThatProcess) {
    EXPECT_FALSE(server::running(world, dir));
    pid_file("ready");
    EXPECT_FALSE(server::running(world, dir));
}

TEST_F(Server, AnEmptyOrHalfWrittenPidFileIsNoServer) {
    processes.living = {77};
    files.file(dir + "/postmaster.pid", "");
    EXPECT_FALSE(server::running(world, dir));
    files.file(dir + "/postmaster.pid", "garbage\n");
    EXPECT_FALSE(server::running(world, dir));
    files.file(dir + "/postmaster.pid", "77\n");
    const auto found = server::running(world, dir);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, "");
}

// After a crash of the host the process id may be anybody's: it must not be stopped.
TEST_F(Server, AProcessThatWorksElsewhereIsAnother) {
    pid_file("ready");
    processes.living = {77};
    processes.places[77] = "/home/somebody";
    EXPECT_FALSE(server::running(world, dir));
    server::stop(world, dir);
    EXPECT_TRUE(processes.signals.empty());
    processes.places[77] = dir;
    EXPECT_TRUE(server::running(world, dir));
}

TEST_F(Server, CommandLineNamesAForeignConfigurationAndItsOwnDirectory) {
    EXPECT_EQ(server::command_line(launch), (Texts{"/bin/postgres", "-D", dir}));
    EXPECT_EQ(server::command_line({"/bin", dir, "/etc/s1/postgresql.conf", ""}),
              (Texts{"/bin/postgres", "-D", dir, "-c", "config_file=/etc/s1/postgresql.conf", "-c",
                     "data_directory=" + dir}));
}

TEST_F(Server, ConnectsOverTheSocketElseOverTheAddressItListensOn) {
    EXPECT_EQ(server::connection({1, "5433", "/run/pg", "*", ""}).get("host"), "/run/pg");
    EXPECT_EQ(server::connection({1, "5433", "", "10.0.0.5", ""}).get("host"), "10.0.0.5");
    EXPECT_EQ(server::connection({1, "5433", "", "*", ""}).get("host"), "localhost");
    EXPECT_EQ(server::connection({1, "5433", "", "", ""}).get("port"), "5433");
}

TEST_F(Server, StartWaitsUntilItIsReady) {
    processes.on_start = [this] {
        processes.living = {77};
        pid_file("starting");
    };
    processes.on_sleep = [this] {
        if (processes.slept > seconds(2)) pid_file("ready");
    };
    EXPECT_EQ(server::start(world, launch, seconds(5)).status, "ready");
    EXPECT_EQ(processes.started, std::vector<Texts>{(Texts{"/bin/postgres", "-D", dir})});
}

// killed a moment ago: the server's own test of its lock file counts what its parent has not noticed yet
TEST_F(Server, StartWaitsUntilAKilledServerIsGoneForGood) {
    pid_file("ready");
    processes.zombies = {77};
    std::chrono::milliseconds reaped{0};
    processes.on_sleep = [&] {
        if (processes.slept > seconds(1) && !processes.zombies.empty()) {
            processes.zombies.clear();
            reaped = processes.slept;
        }
        if (processes.slept > seconds(2)) pid_file("ready");
    };
    std::chrono::milliseconds started{0};
    processes.on_start = [&] {
        started = processes.slept;
        processes.living = {77};
        pid_file("starting");
    };
    EXPECT_EQ(server::start(world, launch, seconds(5)).status, "ready");
    EXPECT_GT(reaped.count(), 0);
    EXPECT_GE(started, reaped);
}

TEST_F(Server, StartThatEndsShowsTheLogOfThisStartAtOnce) {
    files.file(launch.log, "FATAL: of yesterday\n");
    processes.on_start = [this] { files.nodes[launch.log].text += "FATAL: no such file \"x\"\n"; };
    const core::Error error = start_error();
    EXPECT_EQ(error.message, "the standby's server did not start");
    EXPECT_NE(error.detail.find("FATAL: no such file \"x\""), std::string::npos);
    EXPECT_LT(processes.slept, seconds(1));
}

TEST_F(Server, StartShowsTheLastSixLinesOfALongLog) {
    processes.on_start = [this] { files.file(launch.log, "1\n2\n3\n4\n5\n6\n7\n"); };
    EXPECT_EQ(start_error().detail, "2\n3\n4\n5\n6\n7");
}

TEST_F(Server, StartIsGivenUpWithoutProgressOnly) {
    processes.on_start = [this] {
        processes.living = {77};
        pid_file("starting");
        files.file(dir + "/global/pg_control", "0");
    };
    processes.on_sleep = [this] {
        if (processes.slept < seconds(30)) files.nodes[dir + "/global/pg_control"].text += "1";
    };
    processes.on_signal = [this](int) { processes.living.clear(); };
    EXPECT_EQ(start_error().message, "the standby's server does not accept connections yet");
    EXPECT_GT(processes.slept, seconds(34));
}

// A standby that cannot reach its primary says so every few seconds, for ever.
TEST_F(Server, ALogThatGrowsIsNoProgress) {
    processes.on_start = [this] {
        processes.living = {77};
        pid_file("starting");
    };
    processes.on_sleep = [this] {
        if (processes.slept > seconds(60)) throw std::runtime_error("it waits for ever");
        files.nodes[launch.log].text += "FATAL: could not connect to the primary server\n";
    };
    processes.on_signal = [this](int) { processes.living.clear(); };
    EXPECT_EQ(start_error().message, "the standby's server does not accept connections yet");
}

TEST_F(Server, WalThatComesIsProgress) {
    processes.on_start = [this] {
        processes.living = {77};
        pid_file("starting");
        files.directory(dir + "/pg_wal");
    };
    processes.on_sleep = [this] {
        if (processes.slept < seconds(30)) files.file(dir + "/pg_wal/" + std::to_string(processes.slept.count()), "");
    };
    processes.on_signal = [this](int) { processes.living.clear(); };
    start_error();
    EXPECT_GT(processes.slept, seconds(34));
}

TEST_F(Server, WhoeverLooksAtTheWaitMayEndIt) {
    processes.on_start = [this] { processes.living = {77}; };
    processes.on_signal = [this](int) { processes.living.clear(); };
    int looks = 0;
    const auto look = [&looks] {
        if (++looks == 3) throw core::Error("08006", "the primary has gone");
    };
    EXPECT_THROW(server::start(world, launch, seconds(5), look), core::Error);
    EXPECT_TRUE(processes.living.empty());
}

// A signal right after the start: postmaster.pid is not written yet, and the server must end all the same.
TEST_F(Server, StartThatIsInterruptedLeavesNoServerBehind) {
    processes.on_start = [this] { processes.living = {77}; };
    processes.on_sleep = [this] {
        if (processes.signals.empty()) throw Interrupted{};
    };
    processes.on_signal = [this](int) { processes.living.clear(); };
    EXPECT_THROW(server::start(world, launch, seconds(5)), Interrupted);
    EXPECT_EQ(processes.signals, (std::vector<std::pair<int, int>>{{77, SIGINT}}));
}

TEST_F(Server, StopIsFastAndImmediateWhenThatTakesTooLong) {
    pid_file("ready");
    processes.living = {77};
    processes.on_signal = [this](int number) {
        if (number == SIGQUIT) processes.living.clear();
    };
    server::stop(world, dir);
    EXPECT_EQ(processes.signals, (std::vector<std::pair<int, int>>{{77, SIGINT}, {77, SIGQUIT}}));
    EXPECT_GE(processes.slept, seconds(60));
}

TEST_F(Server, StopOfOneThatDoesNotEndIsAnErrorAndNoEndlessWait) {
    pid_file("ready");
    processes.living = {77};
    EXPECT_THROW(server::stop(world, dir), core::Error);
}

TEST_F(Server, StopOfNothingIsDone) {
    server::stop(world, dir);
    EXPECT_TRUE(processes.signals.empty());
}

TEST_F(Server, EffectiveSettingIsTheLastLine) {
    processes.answer = [](const auto&) { return world::Outcome{0, "WARNING: something\n5433\n"}; };
    EXPECT_EQ(server::effective_setting(world, launch, "port"), "5433");
    EXPECT_EQ(processes.ran[0], (Texts{"/bin/postgres", "-D", dir, "-C", "port"}));
}

TEST_F(Server, EffectiveSettingMayBeEmpty) {
    processes.answer = [](const auto&) { return world::Outcome{0, "LOG: skipping a file\n\n"}; };
    EXPECT_EQ(server::effective_setting(world, launch, "cluster_name"), "");
}

TEST_F(Server, EffectiveSettingPassesTheServersComplaintOn) {
    processes.answer = [](const auto&) { return world::Outcome{1, "FATAL: bad line 3\n"}; };
    try {
        server::effective_setting(world, launch, "port");
        FAIL() << "no error";
    } catch (const core::Error& error) {
        EXPECT_EQ(error.message, "the standby's configuration is not valid on this host");
        EXPECT_EQ(error.detail, "FATAL: bad line 3");
    }
}

}  // namespace
