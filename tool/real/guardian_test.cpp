#include "tool/real/guardian.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "tool/real/processes.hpp"

namespace {

real::ProcessTable processes;

bool becomes(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

world::Outcome run(const std::string& script) { return processes.run({{"/bin/sh", "-c", script}, {}}, {}); }

TEST(Guardian, PassesTheExitStatusAndTheOutputOn) {
    const world::Outcome outcome = run("echo out; echo err >&2; exit 7");
    EXPECT_EQ(outcome.status, 7);
    EXPECT_EQ(outcome.output, "out\nerr\n");
}

TEST(Guardian, TellsTheSignalThatEndedTheCommand) { EXPECT_EQ(run("kill -TERM $$").status, 128 + SIGTERM); }

TEST(Guardian, SaysWhenThereIsNoSuchProgram) {
    const world::Outcome outcome = processes.run({{"/no/such/program"}, {}}, {});
    EXPECT_EQ(outcome.status, 127);
    EXPECT_EQ(outcome.output, "cannot execute the program\n");
}

TEST(Guardian, KeepsTheEndOfALongOutput) {
    const world::Outcome outcome = run("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_LE(outcome.output.size(), 64u * 1024);
    EXPECT_EQ(outcome.output.substr(outcome.output.size() - 11), "line 19999\n");
}

TEST(Guardian, GivesTheCommandNoTerminalAndNoInput) {
    EXPECT_EQ(run("read line || echo nothing").output, "nothing\n");
}

TEST(Guardian, LeavesNoGrandchildBehindWhenTheCommandEnds) {
    const world::Outcome outcome = run("sleep 100 >/dev/null 2>&1 & echo $!");
    const int grandchild = std::stoi(outcome.output);
    EXPECT_TRUE(becomes([&] { return !processes.alive(grandchild); }))
        << "process " << grandchild << " lives on";
}

TEST(Guardian, EndsTheGroupWhenTheTickThrows) {
    const std::string file = testing::TempDir() + "pg_replica_guardian_" + std::to_string(getpid());
    struct Stop {};
    EXPECT_THROW(processes.run({{"/bin/sh", "-c", "echo $$ >" + file + "; sleep 100"}, {}},
                               [&] {
                                   if (std::filesystem::exists(file) && std::filesystem::file_size(file) > 0)
                                       throw Stop{};
                               }),
                 Stop);
    FILE* stream = fopen(file.c_str(), "r");
    ASSERT_NE(stream, nullptr);
    int pid = 0;
    EXPECT_EQ(fscanf(stream, "%d", &pid), 1);
    fclose(stream);
    std::filesystem::remove(file);
    EXPECT_FALSE(processes.alive(pid));
}

// What stands for the tool is killed with kill -9: the command, and a process that the command has started,
// end too.
TEST(Guardian, ChildAndGrandchildEndWithAToolThatIsKilled) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t tool = fork();
    if (tool == 0) {
        close(ends[0]);
        const real::Guardian guardian({"/bin/sh", "-c", "sleep 100 & echo $$ $!; wait"},
                                      {"PATH=/usr/bin:/bin"}, "", ends[1]);
        for (;;) pause();
    }
    close(ends[1]);
    FILE* stream = fdopen(ends[0], "r");
    int child = 0, grandchild = 0;
    ASSERT_EQ(fscanf(stream, "%d %d", &child, &grandchild), 2);
    EXPECT_TRUE(processes.alive(child) && processes.alive(grandchild));
    kill(tool, SIGKILL);
    EXPECT_TRUE(becomes([&] { return !processes.alive(child); }));
    EXPECT_TRUE(becomes([&] { return !processes.alive(grandchild); }));
    waitpid(tool, nullptr, 0);
    fclose(stream);
}

// Somebody kills the process between the tool and the command: the command and its child end all the same.
TEST(Guardian, ChildAndGrandchildEndWhenTheGuardianItselfIsKilled) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    real::Guardian guardian({"/bin/sh", "-c", "sleep 100 & echo $PPID $$ $!; wait"}, {"PATH=/usr/bin:/bin"}, "", ends[1]);
    close(ends[1]);
    FILE* stream = fdopen(ends[0], "r");
    int own = 0, child = 0, grandchild = 0;
    ASSERT_EQ(fscanf(stream, "%d %d %d", &own, &child, &grandchild), 3);
    kill(own, SIGKILL);
    EXPECT_TRUE(becomes([&] { return guardian.ended(); }));
    EXPECT_EQ(guardian.status(), 128 + SIGKILL);
    EXPECT_TRUE(becomes([&] { return !processes.alive(child); }));
    EXPECT_TRUE(becomes([&] { return !processes.alive(grandchild); }));
    fclose(stream);
}

TEST(ProcessTable, AZombieIsNotAlive) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    EXPECT_TRUE(becomes([&] { return !processes.alive(child); }));
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(processes.alive(getpid()));
    EXPECT_FALSE(processes.alive(0));
}

TEST(ProcessTable, ADetachedProcessIsKnownByItsNumberAndItsPlace) {
    const std::string log = testing::TempDir() + "pg_replica_detached_" + std::to_string(getpid());
    const int pid =
        processes.start_detached({{"/bin/sh", "-c", "cd / && echo here && exec sleep 100"}, {}}, log);
    EXPECT_TRUE(processes.alive(pid));
    EXPECT_TRUE(becomes([&] { return processes.working_directory(pid) == "/"; }));
    EXPECT_TRUE(becomes([&] { return std::filesystem::file_size(log) > 0; }));
    processes.signal(pid, SIGKILL);
    EXPECT_TRUE(becomes([&] { return !processes.alive(pid); }));
    std::filesystem::remove(log);
}

}  // namespace
