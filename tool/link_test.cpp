#include "tool/link.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/fake_world.hpp"

namespace {

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const core::Error& error) {
        return error.message;
    }
    return "";
}

TEST(Link, AValueIsTheFirstOfTheFirstRow) {
    fake::Database database;
    auto session = std::make_unique<fake::Session>();
    session->answer("empty", world::Rows{{"a"}, {}});
    session->answer("one", world::Rows{{"a"}, {{"7"}}});
    session->answer("hostile", world::Rows{{}, {{}}});
    tool::Link link(database, std::move(session), "the primary");
    EXPECT_EQ(link.value("empty"), std::nullopt);
    EXPECT_EQ(link.value("one"), "7");
    EXPECT_EQ(message_of([&] { link.value("hostile"); }),
              "the server answered a row without columns, which makes no sense");
}

TEST(Link, AServerThatCannotBeReachedTakesLittleTimeTheSecondTime) {
    struct Unreachable : world::Database {
        std::vector<std::string> timeouts;
        std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string&, world::Prompt) override {
            timeouts.push_back(parameters.get("connect_timeout"));
            throw core::Error(core::sqlstate::connection_failure, "no answer");
        }
    } database;
    auto session = std::make_unique<fake::Session>();
    session->answer("x", [](const auto&) -> world::Rows { throw core::Error("08006", "lost"); });
    tool::Link link(database, std::move(session), "the primary");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(message_of([&] { link.query_again("x"); }), "no answer");
    EXPECT_EQ(database.timeouts, (std::vector<std::string>{"4", "2", "2"}));
}

TEST(Link, NumbersAreWholeNumbersOrAnErrorWithTheAnswer) {
    EXPECT_EQ(tool::number("150004"), 150004);
    EXPECT_EQ(tool::number("-1"), -1);
    EXPECT_EQ(tool::number(std::nullopt), 0);
    EXPECT_EQ(tool::bytes("18446744073709551615"), 18446744073709551615ULL);
    for (const char* text : {"", "x", "15x", " 1", "99999999999", "1.5"})
        EXPECT_EQ(message_of([&] { tool::number(text); }),
                  "the server answered \"" + std::string(text) + "\" where a number was expected, which makes no sense");
    EXPECT_NE(message_of([] { tool::bytes("-1"); }), "");
}

}  // namespace
