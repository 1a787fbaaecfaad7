#include "tool/plan.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_world.hpp"

namespace {

struct Execution : testing::Test {
    fake::Database database;
    fake::Files files;
    fake::Processes processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    std::vector<std::string> log;

    plan::Step step(const std::string& name) {
        return {name, [this, name](auto&) { log.push_back("run " + name); },
                [this, name](auto&) { log.push_back("undo " + name); },
                [name] { return name + " is left."; }};
    }
    template <class Thrown>
    plan::Step failing(const std::string& name, Thrown thrown) {
        plan::Step result = step(name);
        result.run = [this, name, thrown](auto&) {
            log.push_back("run " + name);
            throw thrown;
        };
        return result;
    }
    Failure failure_of(const plan::Plan& plan) {
        try {
            plan::execute(plan, world);
        } catch (const Failure& failure) {
            return failure;
        }
        ADD_FAILURE() << "the plan did not fail";
        return {ExitCode::ok, "", "", ""};
    }
};

using Texts = std::vector<std::string>;
const core::Error broken("58030", "it broke", "The disk is full.", "Make room.");

TEST(Description, NumbersTheSentences) {
    const plan::Plan plan{{"Do this", {}, {}, {}}, {"Then that", {}, {}, {}}};
    EXPECT_EQ(plan::describe(plan), " 1. Do this\n 2. Then that\n");
}

TEST_F(Execution, RunsInOrderAndSaysEachSentence) {
    plan::execute({step("a"), step("b")}, world);
    EXPECT_EQ(log, (Texts{"run a", "run b"}));
    EXPECT_EQ(reporter.said, (Texts{"a", "b"}));
}

TEST_F(Execution, UndoesInReverseWithTheFailingStepFirst) {
    const Failure failure = failure_of({step("a"), step("b"), failing("c", broken), step("d")});
    EXPECT_EQ(log, (Texts{"run a", "run b", "run c", "undo c", "undo b", "undo a"}));
    EXPECT_EQ(failure.code, ExitCode::undone);
    EXPECT_EQ(failure.message, "it broke");
    EXPECT_EQ(failure.detail, "The disk is full.\nEverything that this run had made was removed again.");
    EXPECT_EQ(failure.hint, "Make room.");
}

TEST_F(Execution, StepsWithoutUndoAreSkippedOnTheWayBack) {
    plan::Step silent = step("b");
    silent.undo = {};
    failure_of({step("a"), silent, failing("c", broken)});
    EXPECT_EQ(log.back(), "undo a");
}

TEST_F(Execution, AnUndoThatFailsIsNamedAndTheOthersStillRun) {
    plan::Step stuck = step("b");
    stuck.undo = [](auto&) { throw core::Error("08006", "no connection", "It is down.", ""); };
    const Failure failure = failure_of({step("a"), stuck, failing("c", broken)});
    EXPECT_EQ(log.back(), "undo a");
    EXPECT_EQ(failure.code, ExitCode::leftovers);
    EXPECT_EQ(
        failure.detail,
        "The disk is full.\nThis could not be removed:\n  b is left.\n    Reason: no connection (It is down.).");
}

TEST_F(Execution, AnExceptionOfTheLibraryIsUndoneLikeAnyOther) {
    const Failure failure = failure_of({step("a"), failing("b", std::runtime_error("bad number"))});
    EXPECT_EQ(log.back(), "undo a");
    EXPECT_EQ(failure.message, "bad number");
    EXPECT_EQ(failure.code, ExitCode::undone);
}

TEST_F(Execution, ASignalIsUndoneAndHasACodeOfItsOwn) {
    const Failure failure = failure_of({step("a"), failing("b", Interrupted{})});
    EXPECT_EQ(log, (Texts{"run a", "run b", "undo b", "undo a"}));
    EXPECT_EQ(failure.code, ExitCode::interrupted);
    EXPECT_EQ(failure.message, "stopped by a signal");
}

TEST_F(Execution, ASecondSignalDoesNotEndTheClearingUp) {
    int times = 0;
    plan::Step impatient = step("b");
    impatient.undo = [&](auto&) {
        if (++times == 1) throw Interrupted{};
        log.push_back("undo b");
    };
    const Failure failure = failure_of({step("a"), impatient, failing("c", Interrupted{})});
    EXPECT_EQ(log.back(), "undo a");
    EXPECT_EQ(times, 2);
    EXPECT_EQ(failure.code, ExitCode::interrupted);
}

TEST_F(Execution, AThirdSignalLeavesThatStepAndSaysSo) {
    plan::Step impatient = step("b");
    impatient.undo = [](auto&) { throw Interrupted{}; };
    const Failure failure = failure_of({step("a"), impatient, failing("c", Interrupted{})});
    EXPECT_EQ(log.back(), "undo a");
    EXPECT_EQ(failure.code, ExitCode::leftovers);
    EXPECT_NE(failure.detail.find("b is left."), std::string::npos);
}

}  // namespace
