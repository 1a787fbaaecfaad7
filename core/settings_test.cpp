#include "core/settings.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace {

using settings::Facts;
using settings::Requirement;
using settings::Wishes;

// A server as initdb makes it.
Facts shipped() {
    Facts facts;
    facts.parameters = {{"wal_level", "replica", "replica"},
                        {"max_wal_senders", "10", "10"},
                        {"max_replication_slots", "10", "10"},
                        {"wal_keep_size", "0", "0"},
                        {"max_slot_wal_keep_size", "-1", "-1"},
                        {"wal_log_hints", "off", "off"},
                        {"hot_standby", "on", "on"},
                        {"archive_mode", "off", "off"},
                        {"archive_command", "(disabled)", ""},
                        {"archive_library", "", ""}};
    return facts;
}

Facts with_value(Facts facts, const std::string& name, const std::string& value) {
    for (auto& parameter : facts.parameters)
        if (parameter.name == name) parameter.running = parameter.at_restart = value;
    return facts;
}

Requirement of(const std::string& name, const Facts& facts, const Wishes& wishes = {}) {
    for (const Requirement& requirement : settings::require(facts, wishes))
        if (requirement.name == name) return requirement;
    return {};
}

std::string written(const std::string& name, const Facts& facts, const Wishes& wishes = {}) {
    return of(name, facts, wishes).to_write.value_or("nothing");
}

core::Error refusal_of(const Facts& facts, const Wishes& wishes) {
    try {
        settings::require(facts, wishes);
    } catch (const core::Error& error) {
        return error;
    }
    return {"accepted", ""};
}

std::string sqlstate_of(const Facts& facts, const Wishes& wishes) { return refusal_of(facts, wishes).sqlstate; }

}  // namespace

TEST(Settings, AreReportedInOneOrderWhateverIsAsked) {
    Wishes all{3, "1GB", "10GB", "cp %p /a/%f"};
    for (const Wishes& wishes : {Wishes{}, all}) {
        const auto plan = settings::require(shipped(), wishes);
        ASSERT_EQ(plan.size(), settings::names.size());
        for (std::size_t i = 0; i < plan.size(); ++i) EXPECT_EQ(plan[i].name, settings::names[i]);
    }
}

TEST(Settings, OfAFreshServerLackOnlyWhatPgRewindNeeds) {
    for (const Requirement& requirement : settings::require(shipped(), {}))
        EXPECT_EQ(requirement.sufficient, requirement.name != "wal_log_hints") << requirement.name;
    Facts with_checksums = shipped();
    with_checksums.data_checksums = true;
    EXPECT_TRUE(of("wal_log_hints", with_checksums).sufficient);
}

TEST(Settings, WalLevelIsRaisedToReplicaAndNeverTakenFromLogical) {
    EXPECT_EQ(written("wal_level", with_value(shipped(), "wal_level", "minimal")), "replica");
    EXPECT_EQ(written("wal_level", with_value(shipped(), "wal_level", "logical")), "nothing");
    EXPECT_EQ(written("wal_level", with_value(shipped(), "wal_level", "hot_standby")), "nothing");
    EXPECT_EQ(
        written("wal_level", with_value(shipped(), "wal_level", "logical").with("wal_level", "minimal")),
        "logical");
}

TEST(Settings, AreSizedForTheStandbysAndNeverLowered) {
    EXPECT_EQ(of("max_wal_senders", shipped(), {8}).required, "10");
    EXPECT_EQ(written("max_wal_senders", shipped(), {8}), "nothing");
    EXPECT_EQ(written("max_wal_senders", shipped(), {9}), "11");
    EXPECT_EQ(written("max_replication_slots", shipped(), {10}), "11");
    EXPECT_EQ(written("max_wal_senders", with_value(shipped(), "max_wal_senders", "0")), "10");
    EXPECT_EQ(written("max_wal_senders", with_value(shipped(), "max_wal_senders", "100"), {9}), "nothing");
    Facts logical = shipped();
    logical.logical_slots = 7;
    EXPECT_EQ(of("max_wal_senders", logical, {2}).required, "11");
}

TEST(Settings, ThatOnlyWaitForARestartAreNotSufficientAndNotWrittenAgain) {
    const Facts pending = with_value(shipped(), "wal_level", "minimal").with("wal_level", "replica");
    EXPECT_FALSE(of("wal_level", pending).sufficient);
    EXPECT_EQ(written("wal_level", pending), "nothing");
}

TEST(Settings, ThatTheNextStartLosesAreNotSufficient) {
    const Facts losing = shipped().with("max_wal_senders", "0");
    EXPECT_FALSE(of("max_wal_senders", losing).sufficient);
    EXPECT_EQ(written("max_wal_senders", losing), "10");
    EXPECT_NE(of("max_wal_senders", losing).reason.find("the next start would use 0"), std::string::npos);
}

TEST(Settings, SizesAreRaisedWhenAskedAndNeverLowered) {
    const auto keep = [](const char* size) { return Wishes{2, size, {}, {}}; };
    EXPECT_EQ(written("wal_keep_size", shipped()), "nothing");
    EXPECT_EQ(written("wal_keep_size", shipped(), keep("1GB")), "1GB");
    EXPECT_EQ(written("wal_keep_size", with_value(shipped(), "wal_keep_size", "1024"), keep("1GB")),
              "nothing");
    EXPECT_EQ(written("wal_keep_size", with_value(shipped(), "wal_keep_size", "2048"), keep("1GB")),
              "nothing");
}

TEST(Settings, ABoundForSlotsIsSetOnlyWhenAskedAndNeverLoweredAfterwards) {
    const auto bound = [](const char* size) { return Wishes{2, {}, size, {}}; };
    const auto bounded = with_value(shipped(), "max_slot_wal_keep_size", "10240");
    EXPECT_EQ(written("max_slot_wal_keep_size", shipped()), "nothing");
    EXPECT_NE(of("max_slot_wal_keep_size", shipped()).reason.find("fills the disk"), std::string::npos);
    EXPECT_EQ(written("max_slot_wal_keep_size", shipped(), bound("10GB")), "10GB");
    EXPECT_EQ(written("max_slot_wal_keep_size", bounded, bound("5GB")), "nothing");
    EXPECT_EQ(written("max_slot_wal_keep_size", bounded, bound("20GB")), "20GB");
    EXPECT_EQ(written("max_slot_wal_keep_size", bounded, bound("-1")), "-1");
}

TEST(Settings, ABoundThatWouldInvalidateASlotIsRefused) {
    Facts behind = shipped();
    behind.most_retained = 2048;
    EXPECT_EQ(sqlstate_of(behind, {2, {}, "2GB", {}}), "55000");
    EXPECT_EQ(refusal_of(behind, {2, {}, "2GB", {}}).message,
              "max_slot_wal_keep_size of 2GB would invalidate a replication slot");
    EXPECT_EQ(sqlstate_of(behind, {2, {}, "3GB", {}}), "accepted");
    EXPECT_EQ(sqlstate_of(behind, {2, {}, "-1", {}}), "accepted");
    EXPECT_EQ(sqlstate_of(shipped(), {2, {}, "0", {}}), "22023");
}

TEST(Settings, ArchivingIsTurnedOnOnlyWithACommandAndReplacesNone) {
    const Wishes archive{2, {}, {}, "cp %p /a/%f"};
    EXPECT_EQ(written("archive_mode", shipped()), "nothing");
    EXPECT_EQ(written("archive_mode", shipped(), archive), "on");
    EXPECT_EQ(written("archive_command", shipped(), archive), "cp %p /a/%f");
    EXPECT_EQ(written("archive_mode", with_value(shipped(), "archive_mode", "always"), archive), "nothing");
    EXPECT_EQ(written("archive_command", with_value(shipped(), "archive_command", "cp %p /a/%f"), archive),
              "nothing");
    EXPECT_EQ(sqlstate_of(with_value(shipped(), "archive_command", "other"), archive), "55000");
    const Facts library = with_value(shipped(), "archive_library", "basic_archive");
    EXPECT_EQ(sqlstate_of(library, archive), "55000");
    EXPECT_EQ(sqlstate_of(shipped(), {2, {}, {}, ""}), "22023");
    EXPECT_EQ(sqlstate_of(shipped(), {2, {}, {}, "a\nb"}), "22023");
    for (const char* command : {"cp %x /a", "cp %p /a/%", "cp %p /a/%r", "%%%"})
        EXPECT_EQ(sqlstate_of(shipped(), {2, {}, {}, command}), "22023") << command;
    EXPECT_EQ(sqlstate_of(shipped(), {2, {}, {}, "cp %p /a/$(date +%%F)/%f%%"}), "accepted");
}

TEST(Settings, ForNoneOrTooManyStandbysAreRefused) {
    EXPECT_EQ(sqlstate_of(shipped(), {0}), "22023");
    EXPECT_EQ(sqlstate_of(shipped(), {-1}), "22023");
    EXPECT_EQ(sqlstate_of(shipped(), {1001}), "22023");
    EXPECT_EQ(sqlstate_of(shipped(), {1000}), "accepted");
}

TEST(Settings, CombinationsThatKeepTheServerDownAreFound) {
    EXPECT_TRUE(settings::conflicts(shipped()).empty());
    const Facts minimal = shipped().with("wal_level", "minimal");
    EXPECT_EQ(settings::conflicts(minimal).size(), 1U);
    EXPECT_TRUE(settings::conflicts(minimal.with("max_wal_senders", "0")).empty());
    EXPECT_EQ(settings::conflicts(minimal.with("max_wal_senders", "0").with("archive_mode", "on")).size(),
              1U);
    Facts summarizing = minimal.with("max_wal_senders", "0");
    summarizing.summarize_wal = true;
    EXPECT_EQ(settings::conflicts(summarizing).size(), 1U);
    Facts crowded = shipped();
    crowded.other_processes = 262140;
    EXPECT_EQ(settings::conflicts(crowded).size(), 1U);
}

TEST(Settings, CombinationsThatLoseSlotsOrStandbysAreFound) {
    Facts slots = shipped();
    slots.physical_slots = 3;
    EXPECT_TRUE(settings::conflicts(slots).empty());
    EXPECT_EQ(settings::conflicts(slots.with("max_replication_slots", "2")).size(), 1U);
    EXPECT_EQ(settings::conflicts(slots.with("wal_level", "minimal").with("max_wal_senders", "0")).size(),
              1U);
    slots.logical_slots = 1;
    EXPECT_EQ(settings::conflicts(slots).size(), 1U);
    EXPECT_TRUE(settings::conflicts(slots.with("wal_level", "logical")).empty());
    slots.logical_on_demand = true;
    EXPECT_TRUE(settings::conflicts(slots).empty());
    Facts streaming = shipped();
    streaming.walsenders = 4;
    EXPECT_EQ(settings::conflicts(streaming.with("max_wal_senders", "3")).size(), 1U);
}

TEST(Settings, SizesAreReadAsTheServerReadsThem) {
    EXPECT_EQ(settings::megabytes("64"), 64);
    EXPECT_EQ(settings::megabytes("-1"), -1);
    EXPECT_EQ(settings::megabytes(" 1GB "), 1024);
    EXPECT_EQ(settings::megabytes("1 GB"), 1024);
    EXPECT_EQ(settings::megabytes("1.5GB"), 1536);
    EXPECT_EQ(settings::megabytes("2TB"), 2 * 1024 * 1024);
    EXPECT_EQ(settings::megabytes("2048kB"), 2);
    EXPECT_EQ(settings::megabytes("0x10"), 16);
    for (const char* text : {"", " ", "x", "1gb", "1 XB", "GB", "1e300TB", "-1e300TB"})
        EXPECT_FALSE(settings::megabytes(text)) << text;
}

TEST(Settings, ThatStandbysMustHaveFirstAreNotRaisedBeforeThem) {
    Facts facts = shipped();
    facts.standbys = "a, b";
    const auto outcome = [&facts](Wishes wishes) -> std::string {
        try {
            settings::check_standbys_are_raised(facts, wishes, settings::require(facts, wishes));
        } catch (const core::Error& error) {
            return error.detail + " " + error.hint;
        }
        return "raised";
    };
    EXPECT_EQ(outcome({2}), "raised") << "what is not raised stops nobody";
    EXPECT_EQ(outcome({12}),
              "max_wal_senders would go from 10 to 14 at the next start of this server. A standby with less pauses its "
              "replay then, and does not start again; this server cannot see their values. Connected: a, b. On each of "
              "them: ALTER SYSTEM SET max_wal_senders = '14'; and restart it. Then call replica.set_settings here with "
              "standbys_raised => true, and restart this server last.");
    Wishes told{12};
    told.standbys_raised = true;
    EXPECT_EQ(outcome(told), "raised");
    facts.standbys.clear();
    EXPECT_EQ(outcome({12}), "raised");
}

TEST(Settings, ThatLeaveNoConnectionAreAConflict) {
    Facts facts = shipped();
    EXPECT_TRUE(settings::conflicts(facts).empty());
    facts.max_connections = facts.reserved_connections = 5;
    ASSERT_EQ(settings::conflicts(facts).size(), 1u);
    EXPECT_EQ(settings::conflicts(facts)[0],
              "superuser_reserved_connections of 5 with what else is reserved leaves nothing of max_connections = 5.");
}

TEST(Settings, ArchiveByALibraryOnlyWhenItIsNamedAndNothingElseArchives) {
    Wishes wishes;
    wishes.archive_library = "basic_archive";
    EXPECT_EQ(written("archive_library", shipped()), "nothing");
    EXPECT_EQ(written("archive_library", shipped(), wishes), "basic_archive");
    EXPECT_EQ(written("archive_mode", shipped(), wishes), "on");
    EXPECT_EQ(written("archive_command", shipped(), wishes), "nothing");
    EXPECT_EQ(sqlstate_of(with_value(shipped(), "archive_library", "basic_archive"), wishes), "accepted");
    EXPECT_EQ(sqlstate_of(with_value(shipped(), "archive_library", "other"), wishes), "55000");
    EXPECT_EQ(sqlstate_of(with_value(shipped(), "archive_command", "cp %p /a/%f"), wishes), "55000");
    for (const char* library : {"", "/tmp/mine", "../mine", "a b", "a\nb", "$libdir/x", "a'b"}) {
        wishes.archive_library = library;
        EXPECT_EQ(sqlstate_of(shipped(), wishes), "22023") << library;
    }
    wishes.archive_library = "basic_archive";
    wishes.archive_command = "true";
    EXPECT_EQ(sqlstate_of(shipped(), wishes), "22023") << "one of the two";
    EXPECT_EQ(refusal_of(shipped(), wishes).message, "archive_command and archive_library exclude each other");
    wishes.archive_command.reset();
    Facts before_15 = shipped();
    before_15.parameters.pop_back();
    EXPECT_EQ(sqlstate_of(before_15, wishes), "22023");
    EXPECT_EQ(refusal_of(before_15, wishes).message, "this server knows no archive_library");
    EXPECT_EQ(settings::require(before_15, {}).size(), settings::names.size() - 1);
}
