#include "tool/silence.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/fake_world.hpp"

namespace {

// A server that answers as long as it is there; nobody can connect to it anew before it is there again.
struct Silence : testing::Test {
    struct Server : world::Database {
        explicit Server(const bool& there) : there(there) {}
        const bool& there;
        std::unique_ptr<world::Session> connect(const conninfo::Parameters&, const std::string&, world::Prompt) override {
            if (!there) throw core::Error("08006", "cannot connect to the primary", "Connection refused");
            return session(there);
        }
        static std::unique_ptr<fake::Session> session(const bool& there) {
            auto made = std::make_unique<fake::Session>();
            made->answer("SELECT 1", [&there](const auto&) {
                if (!there) throw core::Error("57P01", "terminating connection");
                return world::Rows{};
            });
            return made;
        }
    };
    bool there = true;
    Server server{there};
    tool::Link link{server, Server::session(there), "the primary"};
    tool::Silence silence{link};

    void look(int times) {
        for (int i = 0; i < times; ++i) silence.look();
    }
};

TEST_F(Silence, AServerThatAnswersIsNeverTooLate) {
    EXPECT_NO_THROW(look(100));
}

TEST_F(Silence, ARestartIsWaitedFor) {
    there = false;
    look(44);
    there = true;
    look(1);
    there = false;
    EXPECT_NO_THROW(look(44));
}

TEST_F(Silence, OneThatIsGoneEndsTheWaitWithTheLastReason) {
    there = false;
    look(44);
    try {
        silence.look();
        FAIL() << "it waits on";
    } catch (const core::Error& error) {
        EXPECT_EQ(error.message, "the primary has not answered for 30 seconds");
        EXPECT_EQ(error.detail, "cannot connect to the primary: Connection refused");
        EXPECT_EQ(error.hint, "Start it, or mend the way to it, then run the same command again.");
    }
}

}  // namespace
