#include "tool/preparation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tool/failure.hpp"
#include "tool/fake_world.hpp"

namespace {

using world::Rows;
using world::Value;
using Texts = std::vector<std::string>;

// The link owns its session; the test keeps the script.
class Borrowed : public fake::Session {
 public:
    explicit Borrowed(fake::Session& script) : script_(script) {}
    Rows query(const std::string& sql, const std::vector<Value>& parameters) override {
        return script_.query(sql, parameters);
    }
    std::string scram_verifier(const std::string&, const std::string&) override {
        return "SCRAM-SHA-256$...";
    }

 private:
    fake::Session& script_;
};

struct Preparing : testing::Test {
    fake::Session server;
    fake::Database database;
    fake::Files files;
    fake::Processes processes;
    fake::Reporter reporter;
    world::World world{database, files, processes, reporter};
    tool::Link link{database, std::make_unique<Borrowed>(server), "the primary"};
    std::shared_ptr<preparation::Preparation> preparation = std::make_shared<preparation::Preparation>();
    std::vector<std::vector<Value>> role_parameters;
    std::string changed = "t", note = "New line at the end of the file.";

    void SetUp() override {
        preparation->role = "it's";
        preparation->address = "10.0.0.5";
        server.answer("ALTER SYSTEM", Rows{});
        server.answer("pg_reload_conf", Rows{{"pg_reload_conf"}, {{"t"}}});
        server.answer("EXTENSION", Rows{});
        server.answer("pg_file_settings",
                      Rows{{"name", "setting"}, {{"max_wal_senders", "5"}, {"work_mem", "1MB"}}});
        server.answer("replica.set_settings", [this](const auto&) {
            return Rows{{"name", "asked", "in_effect", "takes_effect", "pending_restart", "changed"},
                        {{"max_wal_senders", "10", "5", "restart", "t", changed},
                         {"wal_keep_size", "1GB", "1GB", "reload", "f", changed},
                         {"wal_level", "replica", "replica", "restart", "f", "f"}}};
        });
        server.answer("set_config", Rows{});
        server.answer("replica.create_role", [this](const auto& parameters) {
            role_parameters.push_back(parameters);
            return Rows{{"count"}, {{"6"}}};
        });
        server.answer("replica.drop_role", Rows{{"changed"}, {{"t"}}});
        server.answer("replica.hba_decision", Rows{{"decision", "explanation"}, {{"no match", "nothing"}}});
        server.answer("replica.allow_standby", [this](const auto&) {
            return Rows{{"changed", "line_number", "rule", "note"},
                        {{changed, "9", "host replication ...", note}}};
        });
        server.answer("replica.disallow_standby", Rows{{"changed"}, {{"t"}}});
    }
    plan::Step broken() {
        return {"Break", [](auto&) { throw core::Error("58030", "it broke"); }, {}, {}};
    }
    ExitCode run(bool and_break = true) {
        plan::Plan plan;
        preparation::append_steps(plan, link, preparation);
        if (and_break) plan.push_back(broken());
        try {
            plan::execute(plan, world);
        } catch (const Failure& failure) {
            return failure.code;
        }
        return ExitCode::ok;
    }
    bool was_asked(const std::string& fragment) {
        return std::any_of(server.asked.begin(), server.asked.end(),
                           [&](const auto& sql) { return sql.find(fragment) != std::string::npos; });
    }
    bool was_said(const std::string& fragment) {
        return std::any_of(reporter.said.begin(), reporter.said.end(),
                           [&](const auto& text) { return text.find(fragment) != std::string::npos; });
    }
};

TEST_F(Preparing, SaysItsStepsInOrder) {
    plan::Plan plan;
    preparation->standbys = 2;
    preparation::append_steps(plan, link, preparation);
    EXPECT_EQ(plan::describe(plan),
              " 1. Create the extension pg_replica on the primary\n"
              " 2. Set what replication needs on the primary, for 2 standbys and a clone\n"
              " 3. Create the replication role \"it's\"\n"
              " 4. Admit the role from 10.0.0.5 in pg_hba.conf of the primary\n");
}

TEST_F(Preparing, AnExtensionThatIsThereIsUsed) {
    plan::Plan plan;
    preparation->extension_exists = true;
    preparation::append_steps(plan, link, preparation);
    EXPECT_EQ(plan[0].sentence, "Use the extension pg_replica that is on the primary");
}

TEST_F(Preparing, ADryRunListsTheSettingsThatWouldChange) {
    EXPECT_EQ(preparation::describe_settings(link, *preparation), "");
    EXPECT_TRUE(server.asked.empty());
    preparation->extension_exists = true;
    EXPECT_EQ(preparation::describe_settings(link, *preparation),
              "Settings of the primary that would change:\n"
              "    max_wal_senders = 10 instead of 5, from the next restart on\n"
              "    wal_keep_size = 1GB instead of 1GB\n");
    changed = "f";
    EXPECT_EQ(preparation::describe_settings(link, *preparation), "No setting of the primary would change.\n");
    EXPECT_TRUE(was_asked("dry_run => "));
}

TEST_F(Preparing, ANetworkIsAdmittedWithoutAskingWhoDecidesAboutIt) {
    preparation->address = "10.1.0.0/24";
    note = "New line before line 4, which would decide otherwise.";
    EXPECT_EQ(run(false), ExitCode::ok);
    EXPECT_FALSE(was_asked("hba_decision"));
    EXPECT_TRUE(was_asked("allow_standby"));
    EXPECT_TRUE(was_said("pg_hba.conf: New line before line 4, which would decide otherwise."));
}

TEST_F(Preparing, ALineThatRejectedIsQuotedWhenItIsOverridden) {
    server.answer("replica.hba_decision",
                  Rows{{"decision", "explanation"}, {{"reject", "line 3: no\nLine 4 decides: rejected."}}});
    EXPECT_EQ(run(false), ExitCode::ok);
    EXPECT_TRUE(was_said("the new line goes before the one that decided so far: Line 4 decides: rejected."));
}

TEST_F(Preparing, NothingIsOverriddenWhereNoLineDecided) {
    EXPECT_EQ(run(false), ExitCode::ok);
    EXPECT_FALSE(was_said("decided so far"));
}

TEST_F(Preparing, WithoutARoleThereIsNoAdmissionEither) {
    preparation->role.clear();
    EXPECT_EQ(run(false), ExitCode::ok);
    EXPECT_FALSE(was_asked("create_role") || was_asked("allow_standby"));
}

TEST_F(Preparing, UndoesAllThatItMade) {
    EXPECT_EQ(run(), ExitCode::undone);
    EXPECT_TRUE(was_asked("replica.disallow_standby"));
    EXPECT_TRUE(was_asked("replica.drop_role"));
    EXPECT_TRUE(was_asked("DROP EXTENSION"));
}

// A prepare of last month is not this run's to take back.
TEST_F(Preparing, SettingsGoBackOneByOneToWhatAlterSystemHadSaid) {
    preparation->extension_exists = true;
    run();
    EXPECT_TRUE(was_asked("ALTER SYSTEM SET \"max_wal_senders\" = '5'"));
    EXPECT_TRUE(was_asked("ALTER SYSTEM RESET \"wal_keep_size\""));
    EXPECT_FALSE(was_asked("wal_level\"") || was_asked("work_mem") || was_asked("reset_settings"));
    EXPECT_NE(server.asked.back().find("pg_reload_conf"), std::string::npos);
}

TEST_F(Preparing, SettingsThatDoNotGoBackAreNamedWithTheStatementsThatDoIt) {
    server.answer("ALTER SYSTEM", [](const auto&) -> Rows { throw core::Error("55000", "not now"); });
    plan::Plan plan;
    preparation::append_steps(plan, link, preparation);
    plan.push_back(broken());
    try {
        plan::execute(plan, world);
        FAIL() << "the plan did not fail";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::leftovers);
        EXPECT_NE(
            failure.detail.find(
                "ALTER SYSTEM SET \"max_wal_senders\" = '5'; ALTER SYSTEM RESET \"wal_keep_size\"; SELECT "
                "pg_reload_conf();"),
            std::string::npos);
    }
}

TEST_F(Preparing, WhatWasThereStays) {
    preparation->extension_exists = preparation->role_exists = true;
    changed = "f";
    server.answer("replica.hba_decision",
                  Rows{{"decision", "explanation"}, {{"accept", "line 3: no\nline 4 accepts"}}});
    EXPECT_EQ(run(), ExitCode::undone);
    EXPECT_FALSE(was_asked("EXTENSION") || was_asked("ALTER SYSTEM") || was_asked("drop_role") ||
                 was_asked("allow_standby"));
    EXPECT_TRUE(was_said("they are sufficient already"));
    EXPECT_TRUE(was_said("it is admitted already: line 4 accepts"));
}

TEST_F(Preparing, ALineThatWasThereStays) {
    changed = "f";
    run();
    EXPECT_TRUE(was_asked("replica.allow_standby"));
    EXPECT_FALSE(was_asked("replica.disallow_standby"));
}

// Between the check and the statement somebody else made a role of that name.
TEST_F(Preparing, ARoleThatTheServerRefusedToMakeIsNotDropped) {
    server.answer("replica.create_role", [](const auto&) -> Rows { throw core::Error("42710", "not ours"); });
    EXPECT_EQ(run(false), ExitCode::undone);
    EXPECT_FALSE(was_asked("drop_role"));
}

// The statement may have been carried out before the connection was lost.
TEST_F(Preparing, ARoleThatNobodyCanTellOfIsDropped) {
    server.answer("replica.create_role", [](const auto&) -> Rows { throw core::Error("08006", "lost"); });
    run(false);
    EXPECT_TRUE(was_asked("drop_role"));
}

TEST_F(Preparing, ARoleOfAnUnfinishedRunIsThisRunsToDrop) {
    preparation->role_exists = preparation->role_created = true;
    run();
    EXPECT_TRUE(was_asked("drop_role"));
}

TEST_F(Preparing, TheServerGetsAVerifierAndNoPassword) {
    run(false);
    ASSERT_EQ(role_parameters.size(), 1u);
    EXPECT_EQ(role_parameters[0], (std::vector<Value>{"it's", "SCRAM-SHA-256$...", {}}));
    EXPECT_GE(preparation->password.size(), 20u);
    for (const std::string& sql : server.asked) EXPECT_EQ(sql.find(preparation->password), std::string::npos);
}

TEST_F(Preparing, PendingRestartIsAWarning) {
    run(false);
    EXPECT_TRUE(
        was_said("max_wal_senders = 10 takes effect at the next restart of the primary; until then it is 5"));
}

TEST_F(Preparing, DroppingWaitsWhileTheStandbysConnectionEnds) {
    int tries = 0;
    server.answer("drop", [&](const auto&) -> Rows {
        if (++tries < 4) throw core::Error(core::sqlstate::object_in_use, "in use");
        return {};
    });
    preparation::drop_when_free(world, link, "SELECT drop($1)", "x");
    EXPECT_EQ(tries, 4);
}

TEST_F(Preparing, DroppingGivesUpAfterTenSecondsAndAtOnceForAnotherReason) {
    server.answer("drop",
                  [](const auto&) -> Rows { throw core::Error(core::sqlstate::object_in_use, "in use"); });
    EXPECT_THROW(preparation::drop_when_free(world, link, "SELECT drop($1)", "x"), core::Error);
    EXPECT_EQ(processes.slept, std::chrono::seconds(10));
    server.answer("drop", [](const auto&) -> Rows { throw core::Error("42501", "denied"); });
    EXPECT_THROW(preparation::drop_when_free(world, link, "SELECT drop($1)", "x"), core::Error);
    EXPECT_EQ(processes.slept, std::chrono::seconds(10));
}

}  // namespace

TEST(Preparation, OneMoreStandbyIsCountedAsTheClone) {
    EXPECT_EQ(preparation::enough_for_one_more(0), 1);
    EXPECT_EQ(preparation::enough_for_one_more(1), 1);
    EXPECT_EQ(preparation::enough_for_one_more(5), 5);
}
