#include "tool/standby_config.hpp"

#include <gtest/gtest.h>

TEST(StandbyConfig, ConninfoNamesThePassfileAndNeverAPassword) {
    const standby_config::Upstream upstream{
        {{"user", "rep user"}, {"host", "10.0.0.1"}, {"port", "5432"}, {"password", "secret"}, {"dbname", "postgres"},
         {"sslmode", "verify-full"}, {"options", "-c search_path=x"}},
        "/data/it's/pg_replica.passfile",
        "standby1"};
    const std::string text = standby_config::primary_conninfo(upstream);
    EXPECT_EQ(text,
              "user='rep user' host=10.0.0.1 port=5432 sslmode=verify-full passfile='/data/it\\'s/pg_replica.passfile' "
              "application_name=standby1 connect_timeout=10 keepalives_idle=5 keepalives_interval=5 keepalives_count=3 "
              "tcp_user_timeout=20000");
}

TEST(StandbyConfig, TheCopySurvivesASlowDiskAndNoticesADeadLink) {
    const std::string text = standby_config::copy_conninfo({{{"user", "rep"}, {"host", "10.0.0.1"}}, "", "s1"});
    for (const char* part : {"options='-c wal_sender_timeout=0 ", " keepalives_idle=3 keepalives_interval=3 keepalives_count=3 ",
                             " tcp_user_timeout=12000 "})
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
}

TEST(StandbyConfig, SettingsOfOneServerDoNotTravelAndOwnOnesWin) {
    const auto result = standby_config::auto_conf(
        "# Do not edit\nport = '5432'\nwork_mem = '64MB'\nsynchronous_standby_names = 'a'\nprimary_conninfo = 'x'\n"
        "restore_command = 'cp'\nhot_standby = 'off'\n",
        {{"port", "5433"}, {"hot_standby", "on"}});
    EXPECT_EQ(result.text,
              "# Do not edit\nwork_mem = '64MB'\n# set by pg_replica for this standby\nport = '5433'\nhot_standby = 'on'\n");
    ASSERT_EQ(result.notes.size(), 4U);
    EXPECT_EQ(result.notes[1],
              "synchronous_standby_names of the primary was not taken over: after a promotion, commits would wait for "
              "standbys that are not there");
}

TEST(StandbyConfig, AMadeMainFileHasTheStandbysOwnPathsOnly) {
    EXPECT_EQ(standby_config::main_conf({{"data_directory", "/primary"}, {"hba_file", "/etc/hba"}, {"work_mem", "8MB"}},
                                        "/new", "/new/pg_hba.conf", "/new/pg_ident.conf"),
              "# The settings of the primary when this standby was made by pg_replica.\nwork_mem = '8MB'\n"
              "# the standby's own paths\ndata_directory = '/new'\nhba_file = '/new/pg_hba.conf'\n"
              "ident_file = '/new/pg_ident.conf'\n");
}

TEST(StandbyConfig, WhatIsKeptLosesTargetsOnlyAndGetsItsOwn) {
    const std::string present = "work_mem = '64MB'\nrecovery_target_time = 'yesterday'\nsynchronous_standby_names = 'a'\n"
                                "# set by pg_replica for this standby\nport = '5433'\nprimary_slot_name = 'old'\n";
    const auto result = standby_config::kept_conf(present, {{"primary_slot_name", "s1"}});
    EXPECT_EQ(result.text, "work_mem = '64MB'\nsynchronous_standby_names = 'a'\nport = '5433'\n"
                           "# set by pg_replica for this standby\nprimary_slot_name = 's1'\n");
    ASSERT_EQ(result.notes.size(), 1U);
    EXPECT_EQ(standby_config::kept_conf(result.text, {{"primary_slot_name", "s1"}}).text, result.text);
}
