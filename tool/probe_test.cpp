#include "tool/probe.hpp"

#include <gtest/gtest.h>

#include "tool/fake_world.hpp"

namespace {

using world::Rows;

// A standby with one session in the way of replay, as activity shows it.
class Standby : public world::Database {
 public:
    explicit Standby(fake::Session::Answer activity, world::Value blocker = "4711") : activity_(std::move(activity)), blocker_(std::move(blocker)) {}

    std::unique_ptr<world::Session> connect(const conninfo::Parameters&, const std::string&, world::Prompt) override {
        auto session = std::make_unique<fake::Session>();
        session->answer("pg_extension", Rows{{"database", "in_recovery", "version"}, {{"postgres", "t", "1.0"}}});
        session->answer("replica.node", Rows{{"role", "replay_blocker_pid"}, {{"standby", blocker_}}, {25, 23}});
        session->answer("replica.standbys", Rows{});
        session->answer("pg_stat_activity", activity_);
        return session;
    }

 private:
    fake::Session::Answer activity_;
    world::Value blocker_;
};

fake::Session::Answer shows(std::vector<std::vector<world::Value>> rows) {
    return [rows](const auto&) { return Rows{{"state", "query"}, rows, {25, 25}}; };
}

std::optional<render::Blocker> blocker_of(Standby&& standby, bool asked = true) {
    probe::Question question;
    question.blocker = asked;
    const render::Server server = probe::Probe(standby, {{"host", "s"}}, world::Prompt::never, question).look();
    EXPECT_FALSE(server.error) << server.error->message;
    return server.blocker;
}

}  // namespace

TEST(Probe, ReadsTheQueryThatReplayWaitsFor) {
    const auto blocker = blocker_of(Standby(shows({{"active", "SELECT 1"}})));
    ASSERT_TRUE(blocker);
    EXPECT_EQ(blocker->process + blocker->state, "4711active");
    EXPECT_EQ(blocker->query, "SELECT 1");
}

TEST(Probe, DoesNotReadItUnlessItIsAskedForAndThereIsOne) {
    const auto never = [](const auto&) -> Rows { throw std::runtime_error("asked for a query"); };
    EXPECT_FALSE(blocker_of(Standby(never), false));
    EXPECT_FALSE(blocker_of(Standby(never, std::nullopt)));
    EXPECT_FALSE(blocker_of(Standby(shows({}))));  // it has ended meanwhile
}

TEST(Probe, AQueryThatCannotBeReadIsNoReasonToFail) {
    const auto hidden = blocker_of(Standby(shows({{std::nullopt, std::nullopt}})));
    ASSERT_TRUE(hidden);
    EXPECT_FALSE(hidden->query);
    const auto foreign = blocker_of(Standby([](const auto&) -> Rows { throw core::Error("22021", "invalid byte sequence", "", ""); }));
    ASSERT_TRUE(foreign);
    EXPECT_FALSE(foreign->query);
}
