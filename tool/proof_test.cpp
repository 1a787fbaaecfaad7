#include "tool/proof.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/lsn.hpp"
#include "tool/failure.hpp"
#include "tool/fake_world.hpp"

namespace {

using world::Rows;
using world::Value;

Rows identity(const std::string& system, bool in_recovery, const std::string& server,
              Value follows_itself = {}) {
    return {{"system_identifier", "in_recovery", "server", "follows_itself"},
            {{system, in_recovery ? "t" : "f", server, follows_itself}}};
}

struct Pair : testing::Test {
    fake::Session primary, standby;
    fake::Processes processes;
    fake::Reporter reporter;
    fake::Database database;
    fake::Files files;
    world::World world{database, files, processes, reporter};
    proof::Pair pair{primary, standby, "s1", "slot1"};

    Value sender_pid = "42", sender_state = "streaming", slot_name = "slot1", slot_pid = "42",
          wal_status = "reserved";
    Value others;
    Value in_recovery = "t", receiver_pid = "7", status = "streaming", receiver_slot = "slot1",
          replay = "0/3000060";
    Value paused = "f", delay = "0", has_conninfo = "t";
    std::string current = "0/3000060";

    void SetUp() override {
        primary.answer("FROM pg_control_system", identity("100", false, "a"));
        standby.answer("FROM pg_control_system", identity("100", true, "b"));
        primary.answer("LEFT JOIN pg_stat_replication", [this](const auto&) {
            return Rows{{"pid", "state", "slot_name", "active_pid", "wal_status", "others"},
                        {{sender_pid, sender_state, slot_name, slot_pid, wal_status, others}}};
        });
        primary.answer("pg_current_wal_lsn()", [this](const auto&) { return Rows{{"lsn"}, {{current}}}; });
        standby.answer("LEFT JOIN pg_stat_wal_receiver AS w ON true", [this](const auto&) {
            return Rows{{"in_recovery", "pid", "status", "slot_name", "sender_host", "sender_port",
                         "received_tli", "replay_lsn", "paused", "apply_delay", "has_conninfo"},
                        {{in_recovery, receiver_pid, status, receiver_slot, "db1", "5432", "1", replay,
                          paused, delay, has_conninfo}}};
        });
        standby.answer("FROM pg_control_system", identity("100", true, "b"));
    }

    template <class Call>
    core::Error error_of(Call call) {
        try {
            call();
        } catch (const core::Error& error) {
            return error;
        }
        ADD_FAILURE() << "no error";
        return {"", ""};
    }
    core::Error streaming_error() {
        return error_of([this] { proof::streaming(world, pair, std::chrono::seconds(5)); });
    }
    core::Error cluster_error() {
        return error_of([this] { proof::same_cluster(pair); });
    }
};

using SameCluster = Pair;
using Streaming = Pair;
using Marker = Pair;

TEST_F(SameCluster, AcceptsAPrimaryAndItsStandby) { EXPECT_NO_THROW(proof::same_cluster(pair)); }

TEST_F(SameCluster, RefusesAnotherSystemIdentifier) {
    standby.answer("FROM pg_control_system", identity("200", true, "b"));
    const core::Error error = cluster_error();
    EXPECT_EQ(error.message, "the standby belongs to another cluster than the primary");
    EXPECT_EQ(error.detail, "The system identifier of the primary is 100, that of the standby 200.");
}

TEST_F(SameCluster, RefusesOneServerGivenTwice) {
    standby.answer("FROM pg_control_system", identity("100", true, "a"));
    EXPECT_EQ(cluster_error().message, "the primary and the standby are the same server");
}

TEST_F(SameCluster, RefusesAPrimaryInRecoveryUnlessForACascade) {
    primary.answer("FROM pg_control_system", identity("100", true, "a"));
    EXPECT_EQ(cluster_error().message, "the server given as the primary is a standby");
    EXPECT_NO_THROW(proof::same_cluster(pair, proof::Upstream::standby_too));
}

TEST_F(SameCluster, RefusesAStandbyThatIsAPrimary) {
    standby.answer("FROM pg_control_system", identity("100", false, "b"));
    EXPECT_EQ(cluster_error().message, "the server given as the standby is not a standby");
}

TEST_F(SameCluster, RefusesAStandbyThatFollowsItself) {
    standby.answer("FROM pg_control_system", identity("100", true, "b", "t"));
    EXPECT_EQ(cluster_error().message, "the standby follows itself");
}

TEST_F(Streaming, IsSeenAtOnceWithoutSleeping) {
    const proof::Streaming seen = proof::streaming(world, pair, std::chrono::seconds(5));
    EXPECT_EQ(seen.primary_lsn, "0/3000060");
    EXPECT_EQ(seen.replay_lsn, "0/3000060");
    EXPECT_EQ(seen.timeline, "1");
    EXPECT_EQ(processes.slept.count(), 0);
}

TEST_F(Streaming, WaitsUntilReplayHasPassedThePrimary) {
    current = "1/0";
    processes.on_sleep = [this] { replay = "1/28"; };
    const proof::Streaming seen = proof::streaming(world, pair, std::chrono::seconds(5));
    EXPECT_EQ(seen.replay_lsn, "1/28");
    EXPECT_EQ(seen.behind, 0x100000000U - 0x3000060U);
}

TEST_F(Streaming, LimitCountsTimeWithoutProgressOnly) {
    current = "0/4000000";
    std::uint64_t position = 0x3000060;
    processes.on_sleep = [&] { replay = lsn::format(position += 0x40000); };
    EXPECT_NO_THROW(proof::streaming(world, pair, std::chrono::seconds(2)));
    EXPECT_GT(processes.slept, std::chrono::seconds(10));
}

TEST_F(Streaming, GivesUpWithTheFactsOfBothSides) {
    sender_pid = sender_state = slot_pid = receiver_pid = status = receiver_slot = {};
    others = "walreceiver";
    const core::Error error = streaming_error();
    EXPECT_EQ(error.sqlstate, core::sqlstate::query_canceled);
    EXPECT_EQ(error.message, "the standby does not stream from the primary");
    EXPECT_EQ(
        error.detail,
        "The primary has no walsender for \"s1\", but for walreceiver. Its slot \"slot1\" is not in use.\n"
        "The standby has no WAL receiver; replay stands at 0/3000060.");
    EXPECT_NE(error.hint.find("password"), std::string::npos);
    EXPECT_GE(processes.slept, std::chrono::seconds(5));
}

TEST_F(Streaming, NamesAMissingPrimaryConninfo) {
    sender_pid = sender_state = receiver_pid = status = {};
    has_conninfo = "f";
    EXPECT_EQ(streaming_error().hint,
              "Set primary_conninfo on the standby (ALTER SYSTEM, then SELECT pg_reload_conf()).");
}

TEST_F(Streaming, IsNotBelievedFromTheStandbyAlone) {
    sender_pid = sender_state = slot_pid = {};
    EXPECT_NE(streaming_error().hint.find("Check that db1:5432 is this primary"), std::string::npos);
}

TEST_F(Streaming, IsNotBelievedThroughAnotherSlot) {
    receiver_slot = {};
    EXPECT_NE(streaming_error().hint.find("primary_slot_name = 'slot1'"), std::string::npos);
}

TEST_F(Streaming, IsNotBelievedOfAnotherWalsenderWithTheSameName) {
    slot_pid = "43";
    EXPECT_EQ(streaming_error().message, "the standby does not stream from the primary");
}

TEST_F(Streaming, NeedsNoSlotWhenThePairHasNone) {
    pair.slot = "";
    receiver_slot = slot_name = slot_pid = wal_status = {};
    EXPECT_NO_THROW(proof::streaming(world, pair, std::chrono::seconds(5)));
}

TEST_F(Streaming, SaysThatAReceiverIsAheadOrDiverged) {
    status = "waiting";
    sender_state = "startup";
    EXPECT_NE(streaming_error().hint.find("pg_rewind"), std::string::npos);
}

TEST_F(Streaming, SaysThatReplayIsDelayedOnPurpose) {
    current = "1/0";
    delay = "60000";
    const core::Error error = streaming_error();
    EXPECT_EQ(error.message, "the standby has not replayed the primary's WAL up to 1/0");
    EXPECT_NE(error.hint.find("recovery_min_apply_delay (60000 ms)"), std::string::npos);
}

// What waiting cannot mend is said at once.
TEST_F(Streaming, FailsAtOnceWithoutTheRightToSee) {
    sender_state = {};
    EXPECT_EQ(streaming_error().message, "the login may not see pg_stat_replication on the primary");
    sender_state = "streaming";
    status = {};
    EXPECT_EQ(streaming_error().sqlstate, core::sqlstate::insufficient_privilege);
    EXPECT_EQ(processes.slept.count(), 0);
}

TEST_F(Streaming, FailsAtOnceWithoutItsSlot) {
    slot_name = slot_pid = wal_status = sender_pid = sender_state = receiver_pid = status = {};
    EXPECT_EQ(streaming_error().message, "the replication slot \"slot1\" does not exist on the primary");
    EXPECT_EQ(processes.slept.count(), 0);
}

TEST_F(Streaming, FailsAtOnceWithALostSlot) {
    sender_pid = sender_state = slot_pid = receiver_pid = status = {};
    wal_status = "lost";
    EXPECT_EQ(streaming_error().message, "the replication slot \"slot1\" is lost");
}

TEST_F(Streaming, FailsAtOnceWhenReplayIsPaused) {
    current = "1/0";
    paused = "t";
    EXPECT_EQ(streaming_error().message, "replay is paused on the standby");
}

TEST_F(Streaming, FailsAtOnceWhenTheStandbyWasPromoted) {
    in_recovery = "f";
    receiver_pid = status = {};
    EXPECT_EQ(streaming_error().message, "the standby is no longer a standby");
}

TEST_F(Streaming, PassesASignalOn) {
    status = {};
    receiver_pid = {};
    processes.on_sleep = [] { throw Interrupted{}; };
    EXPECT_THROW(proof::streaming(world, pair, std::chrono::seconds(5)), Interrupted);
}

TEST_F(Marker, ArrivesOnTheStandby) {
    std::string arrived = "old";
    primary.answer("write_marker", Rows{{"token", "lsn"}, {{"fresh", "0/3000100"}}});
    standby.answer("read_marker", [&](const auto&) { return Rows{{"token"}, {{arrived}}}; });
    processes.on_sleep = [&] { arrived = "fresh"; };
    EXPECT_EQ(proof::marker(world, pair, std::chrono::seconds(5)).lsn, "0/3000100");
}

TEST_F(Marker, ThatDoesNotArriveIsAnError) {
    primary.answer("write_marker", Rows{{"token", "lsn"}, {{"fresh", "0/3000100"}}});
    standby.answer("read_marker", Rows{{"token"}, {}});
    const core::Error error = error_of([this] { proof::marker(world, pair, std::chrono::seconds(5)); });
    EXPECT_EQ(error.message, "the marker written on the primary did not arrive on the standby");
    EXPECT_EQ(error.sqlstate, core::sqlstate::query_canceled);
}

TEST_F(Marker, KeepsTheServersErrorAndSaysWhichGrantMendsIt) {
    primary.answer("write_marker", [](const auto&) -> Rows {
        throw core::Error(core::sqlstate::insufficient_privilege,
                          "permission denied for function write_marker");
    });
    const core::Error error = error_of([this] { proof::marker(world, pair, std::chrono::seconds(5)); });
    EXPECT_EQ(error.message, "permission denied for function write_marker");
    EXPECT_NE(error.hint.find("GRANT EXECUTE"), std::string::npos);
}

}  // namespace
