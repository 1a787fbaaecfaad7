#include "core/slot_space.hpp"

#include <gtest/gtest.h>

namespace {

// 1 MB a second for two hours, 3 GB free, no bound.
slot_space::Facts busy() {
    slot_space::Facts facts;
    facts.reserves = true;
    facts.free_bytes = std::int64_t{3} << 30;
    facts.seconds = 7200;
    facts.wal_bytes = 7200.0 * (1 << 20);
    return facts;
}

std::string why_not(const slot_space::Facts& facts) {
    const auto estimate = slot_space::time_to_full(facts);
    return estimate.seconds ? "estimated" : estimate.basis;
}

}  // namespace

TEST(SlotSpace, LastsUntilTheNearerOfBoundAndFullDisk) {
    auto facts = busy();
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 3 * 1024);
    EXPECT_EQ(slot_space::time_to_full(facts).basis,
              "3.5 GB of WAL an hour on the mean of the last 2 hours; then the disk of pg_wal is full");
    facts.safe_wal_size = std::int64_t{1} << 30;
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 1024);
    EXPECT_EQ(slot_space::time_to_full(facts).basis,
              "3.5 GB of WAL an hour on the mean of the last 2 hours; then max_slot_wal_keep_size is reached");
    facts.safe_wal_size = std::int64_t{4} << 30;
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 3 * 1024) << "the disk is full before the bound helps";
    facts.safe_wal_size = -5;
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 0) << "past its bound already";
    facts.safe_wal_size = std::int64_t{1} << 30;
    facts.free_bytes = std::nullopt;
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 1024);
}

TEST(SlotSpace, SaysWhyThereIsNoEstimate) {
    auto facts = busy();
    EXPECT_EQ(why_not(facts), "estimated");
    facts.free_bytes = std::nullopt;
    EXPECT_EQ(why_not(facts), "the free space of pg_wal cannot be read");
    facts.wal_bytes = 0;
    EXPECT_EQ(why_not(facts), "no WAL was written since the statistics were reset");
    facts.seconds = 29;
    EXPECT_EQ(why_not(facts), "the WAL statistics are younger than 30 seconds");
    facts.has_statistics = false;
    EXPECT_EQ(why_not(facts), "the server counts its WAL from PostgreSQL 14 on");
    facts.in_recovery = true;
    EXPECT_EQ(why_not(facts), "a standby writes no WAL of its own");
    facts.reserves = false;
    EXPECT_EQ(why_not(facts), "the slot retains no WAL");
}

TEST(SlotSpace, OfAServerThatWritesNothingToSpeakOfLastsACenturyAtMost) {
    auto facts = busy();
    facts.wal_bytes = 1;
    EXPECT_EQ(slot_space::time_to_full(facts).seconds, 100LL * 365 * 86400);
}
