#include "core/name.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace {

std::string sqlstate_of(void (*check)(std::string_view), std::string_view text) {
    try {
        check(text);
    } catch (const core::Error& error) {
        return error.sqlstate;
    }
    return "accepted";
}

}  // namespace

TEST(Name, RoleNamesWithQuotesSpacesCapitalsAndUnicodeAreAccepted) {
    for (const char* role : {"replicationUser", "a b", "a\"b", "a'b", "+grp", "@inc", "all", "käse-✓"})
        EXPECT_EQ(sqlstate_of(name::check_role, role), "accepted") << role;
}

TEST(Name, RoleNamesThatTheServerWouldCutOrReserveAreRefused) {
    EXPECT_EQ(sqlstate_of(name::check_role, ""), "42602");
    EXPECT_EQ(sqlstate_of(name::check_role, std::string(64, 'x')), "42602");
    EXPECT_EQ(sqlstate_of(name::check_role, std::string(63, 'x')), "accepted");
    EXPECT_EQ(sqlstate_of(name::check_role, "a\nhost all all 0.0.0.0/0 trust #"), "42602");
    for (const char* role : {"pg_x", "public", "none", "current_user"})
        EXPECT_EQ(sqlstate_of(name::check_role, role), "42939") << role;
}

TEST(Name, SlotNamesFollowTheServersRule) {
    EXPECT_EQ(sqlstate_of(name::check_slot, "standby_1"), "accepted");
    for (const char* slot : {"", "Standby", "a-b", "a b", "käse"})
        EXPECT_EQ(sqlstate_of(name::check_slot, slot), "42602") << slot;
    EXPECT_EQ(sqlstate_of(name::check_slot, std::string(64, 'x')), "42602");
}

TEST(Name, SlotFromFollowsPatronisRule) {
    EXPECT_EQ(name::slot_from("standby1"), "standby1");
    EXPECT_EQ(name::slot_from("Site-A.example"), "site_a_example");
    EXPECT_EQ(name::slot_from("a b"), "au0032b");
    EXPECT_EQ(name::slot_from("k\xC3\xA4se"), "ku0228se");
    EXPECT_EQ(name::slot_from("\xFF"), "u0255");
    EXPECT_EQ(name::slot_from(std::string(80, 'x')), std::string(63, 'x'));
    EXPECT_EQ(sqlstate_of(name::check_slot, name::slot_from("\xE2\x9C\x93 \xF0\x9F\x90\x98")), "accepted");
}

TEST(Name, LongTextsAreCutBetweenCharacters) {
    EXPECT_EQ(name::shown(std::string(100, 'x')), std::string(100, 'x'));
    EXPECT_EQ(name::shown(std::string(1 << 20, 'x')), std::string(100, 'x') + "... (1048576 bytes)");
    const std::string umlauts = "\xC3\xA4\xC3\xB6\xC3\xBC";
    for (std::size_t longest = 0; longest <= 6; ++longest)
        EXPECT_EQ(name::clipped(umlauts, longest), umlauts.substr(0, longest / 2 * 2)) << longest;
    EXPECT_EQ(name::clipped("ab\xF0\x9F\x90\x98z", 5), "ab");
    EXPECT_EQ(name::clipped("ab\xF0\x9F\x90\x98z", 6), "ab\xF0\x9F\x90\x98");
    // EUC-JP, two bytes a character: not UTF-8, so cut before all of them
    EXPECT_EQ(name::clipped("ab\xC6\xFC\xCB\xDCz", 5), "ab");
    EXPECT_EQ(name::clipped("ab\xFF\xFF", 3), "ab");
    EXPECT_EQ(name::clipped("\xC3", 0), "");
}

TEST(Name, QuotingDoublesWhatWouldEndTheName) {
    EXPECT_EQ(name::quote_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(name::quote_literal("it's"), "'it''s'");
    EXPECT_EQ(name::quote_literal("a\\b"), " E'a\\\\b'");
}

TEST(Name, ShellWordsCanBePasted) {
    EXPECT_EQ(name::quote_shell("/var/lib/pg-15/data_1"), "/var/lib/pg-15/data_1");
    EXPECT_EQ(name::quote_shell("/a b/it's $(x)"), "'/a b/it'\\''s $(x)'");
    EXPECT_EQ(name::quote_shell(""), "''");
}
