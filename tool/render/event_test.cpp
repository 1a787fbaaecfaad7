#include "tool/render/event.hpp"

#include <gtest/gtest.h>

namespace {

constexpr const char* noon = "2026-01-02T12:00:00Z";

TEST(Event, IsOneLineWhateverItsTextHolds) {
    EXPECT_EQ(render::event("step", noon, "Copy \"a\"\nand b\033[2J"),
              "{\"event\":\"step\",\"time\":\"2026-01-02T12:00:00Z\",\"text\":\"Copy \\\"a\\\"\\nand b\\u001b[2J\"}\n");
}

TEST(Event, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(render::event("fact", noon, "\xff"), "{\"event\":\"fact\",\"time\":\"2026-01-02T12:00:00Z\",\"text\":\"\xEF\xBF\xBD\"}\n");
}

TEST(Event, TellsBytesOfProgress) {
    EXPECT_EQ(render::progress_event(noon, {"copying", 10, 20}, 3.7),
              "{\"event\":\"progress\",\"time\":\"2026-01-02T12:00:00Z\",\"phase\":\"copying\",\"done_bytes\":10,"
              "\"total_bytes\":20,\"seconds\":3}\n");
}

TEST(Event, KnowsNoTotalAsNull) {
    EXPECT_NE(render::progress_event(noon, {"copying", 10, 0}, 0).find("\"total_bytes\":null"), std::string::npos);
}

TEST(Event, KeepsAllPartsOfAnError) {
    EXPECT_EQ(render::error_event(noon, {"08006", "lost", "It is gone.", "Mend it."}),
              "{\"event\":\"error\",\"time\":\"2026-01-02T12:00:00Z\",\"sqlstate\":\"08006\",\"message\":\"lost\","
              "\"detail\":\"It is gone.\",\"hint\":\"Mend it.\"}\n");
}

TEST(Event, EndsWithTheExitCode) {
    EXPECT_EQ(render::end_event(noon, 5), "{\"event\":\"end\",\"time\":\"2026-01-02T12:00:00Z\",\"exit_code\":5}\n");
}

}  // namespace
