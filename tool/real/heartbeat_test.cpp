#include "tool/real/heartbeat.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace std::chrono_literals;

struct Record : world::Reporter {
    std::vector<std::string> said;
    void step(const std::string& text) override { said.push_back("step " + text); }
    void fact(const std::string& text) override { said.push_back("fact " + text); }
    void warning(const std::string& text) override { said.push_back("warning " + text); }
    void progress(const world::Progress& progress) override { said.push_back("progress " + progress.phase); }
    void end_progress() override { said.push_back("end"); }
};

TEST(Heartbeat, SpeaksWhileAStepIsSilent) {
    Record record;
    {
        real::Heartbeat heartbeat(record, 20ms, "");
        heartbeat.step("Copy");
        std::this_thread::sleep_for(200ms);
    }
    ASSERT_GE(record.said.size(), 3u);
    EXPECT_EQ(record.said[0], "step Copy");
    EXPECT_EQ(record.said[1], "progress this goes on");
}

TEST(Heartbeat, RepeatsTheProgressThatWasToldLast) {
    Record record;
    {
        real::Heartbeat heartbeat(record, 20ms, "");
        heartbeat.step("Copy");
        heartbeat.progress({"copying", 5, 10});
        std::this_thread::sleep_for(100ms);
    }
    ASSERT_GE(record.said.size(), 3u);
    EXPECT_EQ(record.said.back(), "progress copying");
}

TEST(Heartbeat, SaysWhatGoesOnBeforeTheFirstStep) {
    Record record;
    {
        real::Heartbeat heartbeat(record, 20ms, "looking");
        std::this_thread::sleep_for(100ms);
    }
    ASSERT_FALSE(record.said.empty());
    EXPECT_EQ(record.said[0], "progress looking");
}

TEST(Heartbeat, IsSilentWhereNothingMayBeSaid) {
    Record record;
    {
        real::Heartbeat heartbeat(record, 20ms, "");
        std::this_thread::sleep_for(100ms);
    }
    EXPECT_TRUE(record.said.empty());
}

TEST(Heartbeat, PassesOnWhatIsSaid) {
    Record record;
    {
        real::Heartbeat heartbeat(record, 1h, "");
        heartbeat.step("a");
        heartbeat.fact("b");
        heartbeat.warning("c");
        heartbeat.progress({"d", 0, 0});
        heartbeat.end_progress();
    }
    EXPECT_EQ(record.said, (std::vector<std::string>{"step a", "fact b", "warning c", "progress d", "end"}));
}

}  // namespace
