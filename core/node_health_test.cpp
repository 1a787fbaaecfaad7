#include <gtest/gtest.h>

#include "core/health.hpp"

using health::Level;

namespace {

health::Node primary() { return {}; }

health::Node standby_node() {
    health::Node node;
    node.in_recovery = true;
    node.receiver_status = "streaming";
    node.pause_state = "not paused";
    node.message_age = 2;
    node.receiver_timeout = 60;
    node.unreplayed_bytes = 0;
    return node;
}

void expect(const health::Node& facts, Level level, std::string_view part) {
    const health::Verdict verdict = health::judge(facts);
    EXPECT_EQ(health::text(verdict.level), health::text(level)) << verdict.reason;
    EXPECT_NE(verdict.reason.find(part), std::string::npos) << verdict.reason;
}

}  // namespace

TEST(NodeHealth, APrimaryIsOk) { expect(primary(), Level::ok, "a primary"); }

TEST(NodeHealth, WhatSpeaksAgainstAPrimary) {
    auto node = primary();
    node.pending_restart = {"wal_level", "max_wal_senders"};
    expect(node, Level::warning, "settings wait for a restart: wal_level, max_wal_senders");
    node.archiver_failing = true;
    expect(node, Level::critical, "archiving fails");
}

TEST(NodeHealth, ARestartForPgRewindAloneCanWait) {
    auto node = primary();
    node.pending_restart = {"wal_log_hints"};
    expect(node, Level::ok, "a primary");
}

TEST(NodeHealth, CommitsThatHangAreForetold) {
    auto node = primary();
    node.synchronous_required = 2;
    node.synchronous_streaming = 2;
    expect(node, Level::ok, "a primary");
    node.synchronous_streaming = 1;
    expect(node, Level::critical, "commits wait: synchronous_standby_names wants 2 of its standbys, 1 can confirm");
    node.synchronous_streaming.reset();
    expect(node, Level::unknown, "pg_monitor");
}

TEST(NodeHealth, AStandbyThatReceivesAndReplays) {
    expect(standby_node(), Level::ok, "receives and replays");
    auto files = standby_node();
    files.receiver_status.reset();
    files.file_based = true;
    expect(files, Level::ok, "from files");
}

TEST(NodeHealth, TroubleWithTheReceiver) {
    auto node = standby_node();
    node.receiver_status.reset();
    expect(node, Level::critical, "no WAL receiver runs");
    node.receiver_status = "waiting";
    expect(node, Level::critical, "diverged");
    node.receiver_status = "starting";
    expect(node, Level::warning, "the WAL receiver is starting");
    node = standby_node();
    node.follows_itself = true;
    expect(node, Level::critical, "this very server");
    node = standby_node();
    node.message_age = 36;
    expect(node, Level::critical, "no message from the upstream for 36 s");
    node.receiver_timeout = 0;
    expect(node, Level::ok, "a standby");
    node = standby_node();
    node.sees_receiver = false;
    node.receiver_status.reset();
    expect(node, Level::unknown, "pg_monitor");
}

TEST(NodeHealth, ALimitBelowThePrimarysIsNamed) {
    auto node = standby_node();
    node.pause_state = "paused";
    node.limits = {{"max_connections", 20, 20}, {"max_worker_processes", 8, 4}};
    expect(node, Level::warning, "replay is paused with 0 bytes to replay: by pg_wal_replay_pause() or a recovery target; the server log says which");
    node.limits = {{"max_connections", 20, 40}, {"max_wal_senders", 10, 10}, {"max_worker_processes", 8, 16}};
    expect(node, Level::warning,
           "replay is paused with 0 bytes to replay: a limit below the primary's, max_connections (20 here, 40 there), "
           "max_worker_processes (8 here, 16 there); raise it here and restart this server");
}

TEST(NodeHealth, TroubleWithReplay) {
    auto node = standby_node();
    node.pause_state = "pause requested";
    expect(node, Level::warning, "requested");
    node.pause_state = "paused";
    node.unreplayed_bytes = 1536;
    expect(node, Level::warning, "replay is paused with 1.5 kB to replay");
    node.unreplayed_bytes = 2LL << 30;
    expect(node, Level::critical, "2.0 GB received but not replayed");
    node = standby_node();
    node.replay_wait = "RecoveryConflictSnapshot";
    expect(node, Level::warning, "replay waits for a query (RecoveryConflictSnapshot)");
}

TEST(FollowsItself, OnlyWhenTheAddressIsOurOwn) {
    using health::follows_itself;
    EXPECT_TRUE(follows_itself("127.0.0.1", 5432, 5432, "*", ""));
    EXPECT_TRUE(follows_itself("localhost", 5432, 5432, "localhost", ""));
    EXPECT_TRUE(follows_itself("10.0.0.7", 5432, 5432, "127.0.0.1, 10.0.0.7", ""));
    EXPECT_TRUE(follows_itself("/run/postgresql", 5432, 5432, "", "/tmp, /run/postgresql"));
    EXPECT_FALSE(follows_itself("127.0.0.1", 5433, 5432, "*", ""));
    EXPECT_FALSE(follows_itself("127.0.0.1", 5432, 5432, "127.0.0.2", ""));
    EXPECT_FALSE(follows_itself("10.0.0.8", 5432, 5432, "*", ""));
    EXPECT_FALSE(follows_itself("/tmp/other", 5432, 5432, "*", "/tmp"));
    EXPECT_FALSE(follows_itself("", 5432, 5432, "*", "/tmp"));
}
