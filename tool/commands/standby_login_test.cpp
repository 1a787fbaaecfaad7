#include "tool/commands/standby_login.hpp"

#include <gtest/gtest.h>

#include "tool/fake_world.hpp"

namespace {

standby_login::Login login_of(const world::Value& conninfo, const world::Value& slot,
                              const world::Value& configured, const world::Value& cluster_name) {
    fake::Session session;
    session.answer("pg_stat_wal_receiver",
                   world::Rows{{"conninfo", "slot_name", "configured", "cluster_name"},
                               {{conninfo, slot, configured, cluster_name}}});
    return standby_login::ask(session);
}

}  // namespace

TEST(StandbyLogin, TakesTheNameOfTheRunningReceiver) {
    const auto login =
        login_of("user=rep password=******** application_name=s1 fallback_application_name=main", "slot1",
                 "host=a application_name=other", "main");
    EXPECT_EQ(login.application_name, "s1");
    EXPECT_EQ(login.slot, "slot1");
    EXPECT_EQ(login.parameters.get("host"), "a");
    EXPECT_EQ(login_of("user=rep fallback_application_name=main", {}, "host=a", "").application_name, "main");
}

TEST(StandbyLogin, WithoutAReceiverGoesByTheConfiguration) {
    EXPECT_EQ(login_of({}, "", "host=a application_name='s 1'", "main").application_name, "s 1");
    EXPECT_EQ(login_of({}, "", "host=a", "main").application_name, "main");
    EXPECT_EQ(login_of({}, "", "host=a", "").application_name, "walreceiver");
}

TEST(StandbyLogin, IsUnknownWithoutTheRightToSee) {
    EXPECT_EQ(login_of({}, "", {}, "main").application_name, "");
}
