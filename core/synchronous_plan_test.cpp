#include "core/synchronous_plan.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

using synchronous::Names;
using synchronous::Sender;

namespace {

const std::vector<Sender> two{{"s1", "streaming", "async", true}, {"s2", "streaming", "async", true}};

std::string refusal(const std::vector<std::string>& names, std::string_view method = "FIRST", std::int64_t number = 1) {
    try {
        synchronous::wanted(names, method, number);
    } catch (const core::Error& error) {
        EXPECT_EQ(error.sqlstate, core::sqlstate::invalid_parameter_value);
        return error.message;
    }
    return "";
}

core::Error on_waiting(const Names& names, const std::vector<Sender>& senders) {
    try {
        synchronous::refuse_waiting(names, senders);
    } catch (const core::Error& error) {
        return error;
    }
    return {"", ""};
}

}  // namespace

TEST(SynchronousPlan, OddNamesAreQuotedAndReadBack) {
    const Names names = synchronous::wanted({"any", "a \"b\", c", "10"}, "any", 2);
    EXPECT_EQ(synchronous::text(names), "ANY 2 (\"any\", \"a \"\"b\"\", c\", \"10\")");
    const auto read = synchronous::parse(synchronous::text(names));
    ASSERT_TRUE(read);
    EXPECT_TRUE(synchronous::same(*read, names));
}

TEST(SynchronousPlan, NobodyIsAnEmptySetting) {
    const Names names = synchronous::wanted({}, "FIRST", 1);
    EXPECT_EQ(names.required, 0);
    EXPECT_EQ(synchronous::text(names), "");
}

TEST(SynchronousPlan, TheWildcardStandsForAll) {
    const Names names = synchronous::wanted({"*"}, "ANY", 2);
    EXPECT_EQ(synchronous::text(names), "ANY 2 (*)");
    EXPECT_EQ(synchronous::confirming(names, two), 2);
}

TEST(SynchronousPlan, WhatNoStandbyCanBeIsRefused) {
    EXPECT_EQ(refusal({""}), "the name of a synchronous standby is empty");
    EXPECT_EQ(refusal({"sch\u00f6n"}), "no standby can be named \"sch\u00f6n\"");
    EXPECT_EQ(refusal({"a\nb"}), "no standby can be named \"a\nb\"");
    EXPECT_NE(refusal({std::string(64, 'x')}), "");
    EXPECT_EQ(refusal({"s1", "S1"}), "standby \"S1\" is named twice");
    EXPECT_EQ(refusal({"s1"}, "ALL"), "there is no method \"ALL\"");
    EXPECT_EQ(refusal({"s1"}, "ANY", 2), "2 of these standbys cannot confirm a commit");
    EXPECT_EQ(refusal({"s1"}, "ANY", 0), "0 of these standbys cannot confirm a commit");
}

TEST(SynchronousPlan, OnlyThoseWhoStreamAndFlushConfirm) {
    const Names names = synchronous::wanted({"S1", "s2", "s3"}, "FIRST", 2);
    EXPECT_EQ(synchronous::confirming(names, two), 2) << "names are compared without regard to case";
    std::vector<Sender> one = two;
    one[1].confirms = false;
    EXPECT_EQ(synchronous::confirming(names, one), 1);
    EXPECT_EQ(synchronous::describe(names, one), "each commit waits for 2 of 3 named; 1 can confirm");
}

TEST(SynchronousPlan, WhatWouldHangIsRefusedAndThoseWhoCouldAreNamed) {
    EXPECT_EQ(on_waiting(synchronous::wanted({"s1"}, "FIRST", 1), two).message, "");
    const core::Error error = on_waiting(synchronous::wanted({"s1", "s3"}, "ANY", 2), two);
    EXPECT_EQ(error.sqlstate, core::sqlstate::object_not_in_prerequisite_state);
    EXPECT_EQ(error.detail, "2 of the standbys in ANY 2 (\"s1\", \"s3\") have to confirm, 1 can now.");
    EXPECT_EQ(error.hint,
              "Name those that stream: SELECT * FROM replica.set_synchronous_standbys(ARRAY['s1', 's2']); or pass "
              "allow_waiting => true to have commits wait until then.");
    EXPECT_EQ(on_waiting(synchronous::wanted({"s1"}, "FIRST", 1), {}).hint.substr(0, 27), "Start these standbys first,");
}

TEST(SynchronousPlan, TheLastOneIsNotRemovedByTheWay) {
    const Names some = synchronous::wanted({"s1"}, "FIRST", 1);
    EXPECT_THROW(synchronous::refuse_none(some, {}), core::Error);
    EXPECT_NO_THROW(synchronous::refuse_none({}, {}));
    EXPECT_NO_THROW(synchronous::refuse_none(some, some));
}

TEST(SynchronousPlan, TheReportHasThoseNamedAndThoseConnected) {
    const auto found = synchronous::standbys(synchronous::wanted({"s2", "gone"}, "FIRST", 1), two);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].name, "s2");
    EXPECT_EQ(found[0].priority, 1);
    EXPECT_EQ(found[1].note, "is not connected");
    EXPECT_EQ(found[1].priority, 2);
    EXPECT_EQ(found[2].name, "s1");
    EXPECT_EQ(found[2].priority, 0);
    EXPECT_EQ(found[2].note, "is not named: commits do not wait for it");
    EXPECT_EQ(synchronous::standbys(synchronous::wanted({"*"}, "ANY", 1), {})[0].name, "*");
}
