#include "tool/control_file.hpp"

#include <gtest/gtest.h>

namespace {

const std::string output =
    "pg_control version number:            1300\n"
    "Database system identifier:           7300000000000000001\n"
    "Database cluster state:               shut down\n"
    "Latest checkpoint location:           0/3000060\n"
    "Latest checkpoint's REDO location:    0/3000028\n"
    "Latest checkpoint's TimeLineID:       2\n"
    "Minimum recovery ending location:     0/0\n"
    "Min recovery ending loc's timeline:   3\n"
    "wal_log_hints setting:                on\n"
    "Data page checksum version:           0\n";

}  // namespace

TEST(ControlFile, IsReadFromWhatPgControldataPrints) {
    const auto control = control_file::parse(output);
    ASSERT_TRUE(control);
    EXPECT_EQ(control->system_identifier, "7300000000000000001");
    EXPECT_EQ(control->timeline, 2u);
    EXPECT_EQ(control->checkpoint, 0x3000060u);
    EXPECT_EQ(control->redo, 0x3000028u);
    EXPECT_EQ(control->minimum, 0u);
    EXPECT_EQ(control->minimum_timeline, 3u);
    EXPECT_TRUE(control->hints_logged);
    EXPECT_FALSE(control->checksums);
    EXPECT_TRUE(control->was_clean());
    EXPECT_FALSE(control->was_standby());
    EXPECT_FALSE(control->last_is_of_a_shutdown());
}

TEST(ControlFile, TellsTheCheckpointOfAShutdownFromOthers) {
    control_file::Control control;
    EXPECT_FALSE(control.last_is_of_a_shutdown());
    control.checkpoint = control.redo = 0x3000060;
    EXPECT_TRUE(control.last_is_of_a_shutdown());
}

TEST(ControlFile, IsNothingWhenTheProgramSaysSomethingElse) {
    EXPECT_FALSE(control_file::parse("pg_controldata: error: could not open file\n"));
    EXPECT_FALSE(control_file::parse(""));
}
