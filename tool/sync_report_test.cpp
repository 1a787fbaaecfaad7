#include "tool/sync_report.hpp"

#include <gtest/gtest.h>

namespace {

using world::Value;

world::Rows standbys(std::vector<std::vector<Value>> rows) {
    return {{"standby_name", "named", "priority", "state", "sync_state", "can_confirm", "note", "method", "required", "confirming",
             "commits_wait"},
            std::move(rows),
            {25, 16, 23, 25, 25, 16, 25, 25, 23, 23, 16}};
}

const world::Rows waiting = standbys({{"s1", "t", "1", "streaming", "sync", "t", Value{}, "FIRST", "2", "1", "t"},
                                      {"s2", "t", "2", Value{}, Value{}, "f", "is not connected", "FIRST", "2", "1", "t"}});

}  // namespace

TEST(SyncReport, ShowsWhatCommitsWaitForAndWhoCanConfirm) {
    EXPECT_EQ(sync_report::text(waiting, 0),
              "commits  hang: they wait for the first 2 of those named; 1 can confirm now\n"
              "\n"
              "confirms  standby  priority  state      sync  note\n"
              "yes       s1       1         streaming  sync\n"
              "no        s2       2         -          -     is not connected\n");
}

TEST(SyncReport, NobodyIsNamed) {
    const auto nobody = standbys({{Value{}, "f", Value{}, Value{}, Value{}, "f", Value{}, Value{}, "0", "0", "f"}});
    EXPECT_EQ(sync_report::text(nobody, 0),
              "commits  wait for no standby\n"
              "\n"
              "no standby is named, and none is connected\n");
    EXPECT_EQ(sync_report::verdict(nobody), ExitCode::ok);
}

TEST(SyncReport, CommitsThatHangAreAnError) {
    EXPECT_EQ(sync_report::verdict(waiting), ExitCode::precondition);
    EXPECT_EQ(sync_report::text({}, 0), "") << "a server that answers nothing breaks nothing";
    EXPECT_EQ(sync_report::verdict({}), ExitCode::ok);
}

TEST(SyncReport, ShowsTheChange) {
    const world::Rows change{{"before", "asked", "in_effect", "required", "confirming", "commits_wait", "changed", "note"},
                             {{"", "FIRST 1 (\"s1\")", "FIRST 1 (\"s1\")", "1", "1", "f", "t", "each commit waits for 1 of 1 named"}},
                             {25, 25, 25, 23, 23, 16, 16, 25}};
    EXPECT_EQ(sync_report::change(change, 0),
              "before     nobody\n"
              "asked      FIRST 1 (\"s1\")\n"
              "in effect  FIRST 1 (\"s1\")\n"
              "changed    yes\n"
              "effect     each commit waits for 1 of 1 named\n");
    EXPECT_NE(sync_report::json("change", change).find("\"commits_wait\": false"), std::string::npos);
}
