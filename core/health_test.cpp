#include "core/health.hpp"

#include <gtest/gtest.h>

using health::Level;
using health::Session;

namespace {

health::Standby healthy() {
    health::Standby standby;
    standby.session = Session::standby;
    standby.name = "s1";
    standby.state = "streaming";
    standby.behind_bytes = 0;
    standby.reply_age = 3;
    standby.sender_timeout = 60;
    return standby;
}

health::Standby absent() {
    health::Standby standby;
    standby.slot = "s1";
    standby.wal_status = "reserved";
    standby.retained_bytes = 5LL << 20;
    return standby;
}

template <class Facts>
void expect(const Facts& facts, Level level, std::string_view part) {
    const health::Verdict verdict = health::judge(facts);
    EXPECT_EQ(health::text(verdict.level), health::text(level)) << verdict.reason;
    EXPECT_NE(verdict.reason.find(part), std::string::npos) << verdict.reason;
}

}  // namespace

TEST(Health, ACaughtUpStandbyIsOk) { expect(healthy(), Level::ok, "streaming, nothing missing"); }

TEST(Health, ALittleBehindIsOkAndSaysHowMuch) {
    auto standby = healthy();
    standby.behind_bytes = 2048;
    expect(standby, Level::ok, "2.0 kB behind");
}

TEST(Health, BytesAlarmHoweverSmallTheSecondsLook) {
    auto standby = healthy();
    standby.behind_bytes = 19LL << 20;
    expect(standby, Level::warning, "19.0 MB behind");
    standby.behind_bytes = 2LL << 30;
    expect(standby, Level::critical, "2.0 GB behind");
}

TEST(Health, ReplayThatStandsStillIsSeenByTheByte) {
    auto standby = healthy();
    standby.behind_bytes = 120;
    standby.flight_bytes = 0;
    expect(standby, Level::warning, "all WAL has arrived, 120 bytes are not replayed");
    standby.reply_age = 0.1;
    expect(standby, Level::ok, "120 bytes behind");
    standby.reply_age = 3;
    standby.flight_bytes = 8;
    expect(standby, Level::ok, "120 bytes behind");
}

TEST(Health, CatchupAndStartupAreWarnings) {
    auto standby = healthy();
    standby.state = "catchup";
    expect(standby, Level::warning, "catching up");
    standby.state = "startup";
    expect(standby, Level::warning, "diverged");
    standby.state = "stopping";
    expect(standby, Level::warning, "shuts down");
    standby.state = "new in PostgreSQL 30";
    expect(standby, Level::warning, "new in PostgreSQL 30");
}

TEST(Health, NoReportYetIsNotZeroLag) {
    auto standby = healthy();
    standby.behind_bytes.reset();
    expect(standby, Level::warning, "has not reported yet");
    EXPECT_FALSE(health::shown_lag(0.5, std::nullopt, standby));
}

TEST(Health, SilenceWarnsAndBecomesCriticalOnceAReplyWasAskedFor) {
    auto standby = healthy();
    standby.reply_age = 21;
    expect(standby, Level::warning, "silent for 21 s");
    standby.reply_age = 40;
    expect(standby, Level::critical, "silent for 40 s");
    standby.sender_timeout = 0;
    expect(standby, Level::warning, "silent for 40 s");
}

TEST(Health, ClocksThatDisagreeAreNamed) {
    auto standby = healthy();
    standby.reply_age = 3600;
    expect(standby, Level::warning, "beyond wal_sender_timeout");
    standby.reply_age = -3600;
    expect(standby, Level::warning, "3600 s ahead");
}

TEST(Health, SlotsThatLoseTheirWal) {
    auto standby = healthy();
    standby.slot = "s1";
    standby.wal_status = "unreserved";
    expect(standby, Level::warning, "max_slot_wal_keep_size");
    standby.wal_status = "extended";
    expect(standby, Level::ok, "streaming");
    standby = absent();
    standby.wal_status = "unreserved";
    expect(standby, Level::critical, "max_slot_wal_keep_size");
    standby.wal_status = "lost";
    expect(standby, Level::critical, "clone the standby again");
}

TEST(Health, ASlotWithoutConsumerIsAnAbsentStandby) {
    expect(absent(), Level::critical, "absent: nobody streams from slot \"s1\", which retains 5.0 MB");
    auto reserve = absent();
    reserve.upstream_is_standby = true;
    expect(reserve, Level::warning, "absent");
    auto empty = absent();
    empty.retained_bytes.reset();
    expect(empty, Level::warning, "reserves no WAL");
}

TEST(Health, AListedSynchronousStandbyThatIsAbsent) {
    health::Standby standby;
    standby.name = "site-a";
    standby.listed_synchronous = true;
    expect(standby, Level::critical, "synchronous_standby_names lists \"site-a\"");
}

TEST(Health, MissingRightsAreUnknownNeverOkAndNeverAbsent) {
    health::Standby standby;
    standby.session = Session::hidden;
    expect(standby, Level::unknown, "pg_monitor");
    standby.slot = "s1";
    standby.wal_status = "lost";
    expect(standby, Level::critical, "lost WAL");
    standby.wal_status = "unreserved";
    expect(standby, Level::unknown, "max_slot_wal_keep_size");
}

TEST(Health, TwoSessionsOfOneName) {
    auto standby = healthy();
    standby.sessions_of_this_name = 2;
    expect(standby, Level::warning, "2 sessions share the application_name \"s1\"");
}

TEST(Health, AllReasonsAreGivenWorstFirst) {
    auto standby = healthy();
    standby.state = "catchup";
    standby.behind_bytes = 2LL << 30;
    const auto verdict = health::judge(standby);
    EXPECT_EQ(verdict.level, Level::critical);
    EXPECT_LT(verdict.reason.find("2.0 GB"), verdict.reason.find("catching up"));
}

TEST(Session, WhatStandsBehindARow) {
    using health::kind_of;
    EXPECT_EQ(kind_of({"s1", "streaming", false, true, true, {}}), Session::standby);
    EXPECT_EQ(kind_of({"s1", "streaming", false, false, false, {}}), Session::standby) << "has just connected";
    EXPECT_EQ(kind_of({"s1", "startup", false, false, false, {}}), Session::standby);
    EXPECT_EQ(kind_of({"pg_basebackup", "backup", false, false, false, {}}), Session::backup);
    EXPECT_EQ(kind_of({"renamed", "backup", false, false, false, {}}), Session::backup);
    EXPECT_EQ(kind_of({"pg_basebackup", "streaming", false, true, false, {}}), Session::backup);
    EXPECT_EQ(kind_of({"pg_receivewal", "streaming", false, false, false, {}}), Session::receiver);
    EXPECT_EQ(kind_of({"renamed", "streaming", false, true, false, {}}), Session::receiver);
    EXPECT_EQ(kind_of({"renamed", "streaming", false, false, false, "pg_basebackup_12345"}), Session::backup);
    EXPECT_EQ(kind_of({"s1", "streaming", false, false, false, "pg_walreceiver_12345"}), Session::standby);
    EXPECT_EQ(kind_of({"sub1", "streaming", true, true, true, {}}), Session::logical);
    EXPECT_EQ(kind_of({"", std::nullopt, false, false, false, {}}), Session::hidden);
    EXPECT_EQ(kind_of({"pg_receivewal", "streaming", false, true, true, {}}), Session::standby) << "an odd name";
}

TEST(Lag, ZeroWhenNothingIsMissing) {
    auto standby = healthy();
    EXPECT_EQ(health::shown_lag(std::nullopt, 0, standby), 0.0);
    EXPECT_EQ(health::shown_lag(7.5, 0, standby), 0.0);
    standby.reply_age = 300;
    EXPECT_EQ(health::shown_lag(std::nullopt, 0, standby), 0.0);
}

TEST(Lag, AsMeasuredWhileTheStandbyReplies) {
    EXPECT_EQ(health::shown_lag(0.25, 4096, healthy()), 0.25);
    EXPECT_FALSE(health::shown_lag(std::nullopt, 4096, healthy()));
}

TEST(Lag, GrowsWithSilence) {
    auto standby = healthy();
    standby.reply_age = 30;
    EXPECT_EQ(health::shown_lag(0.5, 4096, standby), 30.5);
    EXPECT_EQ(health::shown_lag(std::nullopt, 4096, standby), 30.0);
    standby.reply_age = 3600;  // a clock, not a lag
    EXPECT_EQ(health::shown_lag(0.5, 4096, standby), 0.5);
}

TEST(Bytes, ReadLikePostgreSQLsUnits) {
    EXPECT_EQ(health::bytes(0), "0 bytes");
    EXPECT_EQ(health::bytes(1023), "1023 bytes");
    EXPECT_EQ(health::bytes(1536), "1.5 kB");
    EXPECT_EQ(health::bytes(16LL << 20), "16.0 MB");
    EXPECT_EQ(health::bytes(1LL << 50), "1.0 PB");
}
