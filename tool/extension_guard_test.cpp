#include "tool/extension_guard.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_world.hpp"

namespace {

struct Situation {
    world::Value version;
    bool available = true;
    bool in_recovery = false;
};

Failure failure_of(const Situation& situation) {
    fake::Session session;
    session.answer("FROM pg_extension",
                   world::Rows{{"database", "in_recovery", "version"},
                               {{"app", situation.in_recovery ? "t" : "f", situation.version}}});
    session.answer("pg_available_extension_versions",
                   world::Rows{{"available"}, {{situation.available ? "t" : "f"}}});
    try {
        extension_guard::require(session, "the primary");
    } catch (const Failure& failure) {
        return failure;
    }
    return {ExitCode::ok, "", "", ""};
}

}  // namespace

TEST(ExtensionGuard, IsSilentWhenTheVersionFits) { EXPECT_EQ(failure_of({"1.0"}).code, ExitCode::ok); }

TEST(ExtensionGuard, SaysCreateExtension) {
    const Failure failure = failure_of({{}});
    EXPECT_EQ(failure.code, ExitCode::precondition);
    EXPECT_EQ(failure.message, "the extension pg_replica is not in database \"app\" of the primary");
    EXPECT_EQ(failure.hint,
              "Run there: CREATE EXTENSION pg_replica; or name the database that has it with -d.");
}

TEST(ExtensionGuard, SaysThatTheFilesAreMissing) {
    const Failure failure = failure_of({{}, false});
    EXPECT_EQ(failure.detail, "Its files are not installed on the server either.");
    EXPECT_NE(failure.hint.find("make install"), std::string::npos);
}

TEST(ExtensionGuard, SendsToThePrimaryFromAStandby) {
    EXPECT_EQ(failure_of({{}, true, true}).hint,
              "Run on the primary (the standby receives it by replication): CREATE EXTENSION pg_replica; or "
              "name the "
              "database that has it with -d.");
}

TEST(ExtensionGuard, SaysAlterExtensionForAnotherVersion) {
    const Failure failure = failure_of({"0.9"});
    EXPECT_EQ(failure.detail, "The extension is version 0.9, the tool needs 1.0.");
    EXPECT_EQ(failure.hint, "Run there: ALTER EXTENSION pg_replica UPDATE TO '1.0';");
    EXPECT_NE(failure_of({"2.0", false}).hint.find("make install"), std::string::npos);
}
