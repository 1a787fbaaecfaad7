#include "tool/promotion.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tool/failure.hpp"
#include "tool/fake_world.hpp"

namespace {

struct Promotion : testing::Test {
    promotion::Facts facts;
    peer::Answer primary;

    Promotion() {
        facts.in_recovery = facts.may_promote = facts.may_checkpoint = true;
        facts.received = facts.replayed = "0/3000000";
    }
    std::string refusal(bool force = false) {
        try {
            promotion::check(facts, primary, "db1 port 5432", force);
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code, ExitCode::precondition);
            return failure.message;
        }
        return {};
    }
    void answers(bool in_recovery, const std::string& position) {
        primary.answers = primary.asked = true;
        primary.in_recovery = in_recovery;
        primary.position = position;
    }
};

}  // namespace

TEST_F(Promotion, OfASilentPrimaryIsAllowed) { EXPECT_EQ(refusal(), ""); }

TEST_F(Promotion, BesideALivingPrimaryIsRefused) {
    answers(false, "0/3000000");
    EXPECT_EQ(refusal(), "the primary at db1 port 5432 answers: a promotion would make two primaries");
    EXPECT_EQ(refusal(true), "");
}

TEST_F(Promotion, OfAStandbyBehindItsUpstreamIsRefused) {
    answers(true, "0/3000400");
    EXPECT_EQ(refusal(), "the server at db1 port 5432 is ahead of this standby");
    answers(true, "0/3000000");
    EXPECT_EQ(refusal(), "");
}

TEST_F(Promotion, WhereThePrimaryCannotBeAskedIsRefused) {
    primary.answers = true;
    EXPECT_EQ(refusal(), "a server answers at db1 port 5432, where the primary was, and cannot be asked what it is");
}

TEST_F(Promotion, BehindWhatThePrimaryLastToldIsRefused) {
    facts.told = "0/3000800";
    EXPECT_EQ(refusal(), "the primary was 2.0 kB ahead of this standby when it was last heard");
    EXPECT_EQ(refusal(true), "");
    EXPECT_EQ(promotion::known_losses(facts, primary).back(),
              "the primary was at 0/3000800: 2.0 kB are known to be missing");
}

TEST_F(Promotion, OfAPausedStandbyIsRefusedEvenByForce) {
    facts.paused = true;
    EXPECT_EQ(refusal(true), "replay is paused on this standby");
}

TEST_F(Promotion, WithoutTheRightsIsRefused) {
    facts.may_checkpoint = false;
    EXPECT_EQ(refusal(), "the login lacks rights that a promotion needs");
}

TEST_F(Promotion, SaysThatThePositionOfADeadPrimaryIsUnknown) {
    const auto said = promotion::known_losses(facts, primary);
    EXPECT_EQ(said.front(), "received up to 0/3000000, replayed up to 0/3000000");
    EXPECT_EQ(said.back(), "the primary's last position is not known: what it committed after that time is missing here");
}

namespace {

// A server that leaves recovery at the third look and has its control file right at the second.
struct Promoted : Promotion {
    fake::Session session;
    fake::Database database;
    fake::Files files;
    fake::Processes processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    int looks = 0, control_looks = 0;
    bool ends = true;

    Promoted() {
        for (const char* sql : {"pg_promote", "CHECKPOINT", "ALTER SYSTEM", "pg_reload_conf"}) session.answer(sql, world::Rows{});
        session.answer("AS in_recovery, pg_last_wal", [this](const auto&) {
            return world::Rows{{"in_recovery", "replayed"}, {{ends && ++looks > 2 ? "f" : "t", "0/3000000"}}};
        });
        session.answer("AS control", [this](const auto&) {
            return world::Rows{{"control", "written"}, {{++control_looks > 1 ? "2" : "1", "2"}}};
        });
    }
    std::shared_ptr<promotion::Run> run() { return std::make_shared<promotion::Run>(session, facts); }
    std::size_t place_of(const std::string& sql) {
        return std::find(session.asked.begin(), session.asked.end(), sql) - session.asked.begin();
    }
};

}  // namespace

TEST_F(Promoted, WaitsForTheEndAndForTheControlFile) {
    const auto run = this->run();
    plan::execute(promotion::make_plan(run), world);
    EXPECT_EQ(looks, 3);
    EXPECT_EQ(control_looks, 2);
    EXPECT_EQ(run->timeline, 2u);
}

TEST_F(Promoted, ClearsTheSynchronousNamesBefore) {
    facts.synchronous_standby_names = "FIRST 1 (it's)";
    plan::execute(promotion::make_plan(run()), world);
    EXPECT_LT(place_of("ALTER SYSTEM SET synchronous_standby_names = ''"), place_of("SELECT pg_promote(false)"));
}

TEST_F(Promoted, PutsTheSynchronousNamesBackWhenItIsRefused) {
    facts.synchronous_standby_names = "it's";
    session.answer("pg_reload_conf", [this, calls = 0](const auto&) mutable -> world::Rows {
        if (++calls == 1) throw core::Error("42501", "denied");
        return {};
    });
    EXPECT_THROW(plan::execute(promotion::make_plan(run()), world), Failure);
    EXPECT_EQ(session.asked[session.asked.size() - 2], "ALTER SYSTEM SET synchronous_standby_names = 'it''s'");
}

TEST_F(Promoted, ThatDoesNotEndIsNamedAsLeftover) {
    ends = false;
    try {
        plan::execute(promotion::make_plan(run()), world);
        FAIL() << "it waits for ever";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::leftovers);
        EXPECT_EQ(failure.message, "the server is still in recovery");
    }
}
