#include "core/check.hpp"

#include <gtest/gtest.h>

namespace {

void expect(const checks::Finding& finding, checks::Status status, std::string_view detail, std::string_view hint) {
    EXPECT_EQ(checks::text(finding.status), checks::text(status));
    EXPECT_EQ(finding.detail, detail);
    EXPECT_EQ(finding.hint, hint);
}

checks::Role good() {
    checks::Role role;
    role.name = "rep";
    role.can_login = role.replication = true;
    return role;
}

const checks::Setting senders{"max_wal_senders", "10", "default"};

constexpr auto ok = checks::Status::ok;
constexpr auto warning = checks::Status::warning;
constexpr auto error = checks::Status::error;

}  // namespace

TEST(Check, CapacityCountsWhatIsFree) {
    expect(checks::capacity(senders, 8, 2, "per clone"), ok,
           "max_wal_senders = 10, 8 in use, 2 free; 2 per clone needed.", "");
    expect(checks::capacity(senders, 9, 2, "per clone"), error,
           "max_wal_senders = 10, 9 in use, 1 free; 2 per clone needed.",
           "ALTER SYSTEM SET max_wal_senders = '11'; -- then restart the server");
    EXPECT_EQ(checks::capacity({"max_wal_senders", "0", "default"}, 0, 2, "x").hint,
              "ALTER SYSTEM SET max_wal_senders = '10'; -- then restart the server");
}

TEST(Check, OneCloneAtATimeAsSetSettingsCounts) {
    EXPECT_EQ(checks::walsenders_for(0), 0);
    EXPECT_EQ(checks::walsenders_for(1), 3);
    EXPECT_EQ(checks::walsenders_for(12), 14);
    EXPECT_EQ(checks::sessions_for(0), 0);
    EXPECT_EQ(checks::sessions_for(1), 2);
    EXPECT_EQ(checks::sessions_for(12), 13);
}

TEST(Check, AValueFixedByTheCommandLineIsNamedNotAltered) {
    EXPECT_EQ(checks::how_to_set({"wal_level", "minimal", "command line"}, "replica", true),
              "wal_level is fixed by the server's command line, which ALTER SYSTEM cannot change: set it to replica "
              "there and restart the server.");
    EXPECT_EQ(checks::how_to_set({"wal_keep_size", "0", "default"}, "1GB", false),
              "ALTER SYSTEM SET wal_keep_size = '1GB'; SELECT pg_reload_conf();");
}

TEST(Check, OneFindingForEachCauseThatTheClientCannotTellApart) {
    auto role = good();
    EXPECT_EQ(checks::role_login(role).status, ok);
    EXPECT_EQ(checks::role_replication(role).status, ok);
    EXPECT_EQ(checks::role_expiry(role, std::nullopt).status, ok);
    EXPECT_EQ(checks::role_connections(role, 2).status, ok);
    role.can_login = role.replication = false;
    expect(checks::role_login(role), error, "Role \"rep\" has no LOGIN attribute.", "ALTER ROLE \"rep\" LOGIN;");
    expect(checks::role_replication(role), error, "Role \"rep\" has no REPLICATION attribute.",
           "ALTER ROLE \"rep\" REPLICATION;");
    role.superuser = true;
    EXPECT_EQ(checks::role_replication(role).status, warning);
}

TEST(Check, ExpiryAndConnectionLimit) {
    auto role = good();
    role.valid_until = "2020-01-01 00:00:00+00";
    role.expired = true;
    expect(checks::role_expiry(role, std::nullopt), error, "The password of role \"rep\" expired at 2020-01-01 00:00:00+00.",
           "ALTER ROLE \"rep\" VALID UNTIL 'infinity';");
    EXPECT_EQ(checks::role_expiry(role, "scram-sha-256").status, error);
    EXPECT_EQ(checks::role_expiry(role, "cert").status, ok) << "VALID UNTIL ends the password, which nobody asks for";
    role.expired = false;
    EXPECT_EQ(checks::role_expiry(role, std::nullopt).status, ok);
    role.connection_limit = 3;
    role.connections = 2;
    expect(checks::role_connections(role, 2), error,
           "Role \"rep\" has a connection limit of 3, 2 in use; 2 more needed.",
           "ALTER ROLE \"rep\" CONNECTION LIMIT 4;");
    role.connections = 1;
    EXPECT_EQ(checks::role_connections(role, 2).status, ok);
}

TEST(Check, ThePasswordAgainstTheMethodThatDecides) {
    const std::string md5 = "md5a3556571e93b0d20722ba62be61e8c2d";
    const std::string scram = "SCRAM-SHA-256$4096:c2FsdA==$a:b";
    EXPECT_EQ(checks::role_password("rep", scram, "scram-sha-256").status, ok);
    EXPECT_EQ(checks::role_password("rep", scram, "md5").status, ok);
    EXPECT_EQ(checks::role_password("rep", md5, "md5").status, warning);
    expect(checks::role_password("rep", md5, "scram-sha-256"), error,
           "The password of role \"rep\" is an md5 hash, and the line of pg_hba.conf that decides asks for "
           "scram-sha-256.",
           "SET password_encryption = 'scram-sha-256'; \\password \"rep\"");
    EXPECT_EQ(checks::role_password("rep", std::nullopt, "scram-sha-256").status, error);
    EXPECT_EQ(checks::role_password("rep", std::nullopt, "trust").status, ok);
    EXPECT_EQ(checks::role_password("rep", std::nullopt, "cert").status, ok);
    EXPECT_EQ(checks::role_password("rep", std::nullopt, "ldap").detail,
              "The line of pg_hba.conf that decides has the password checked elsewhere (ldap).");
    EXPECT_EQ(checks::role_password("rep", std::nullopt, std::nullopt).status, warning);
    EXPECT_EQ(checks::role_password("rep", md5, std::nullopt).status, warning);
    EXPECT_EQ(checks::role_password("rep", scram, std::nullopt).status, ok);
}

TEST(Check, NamesInHintsAreQuoted) {
    auto role = good();
    role.name = "a\"b";
    role.can_login = false;
    EXPECT_EQ(checks::role_login(role).hint, "ALTER ROLE \"a\"\"b\" LOGIN;");
}

TEST(Check, AServerThatListensOnlyLocallyIsOutOfReach) {
    const checks::Setting local{"listen_addresses", "localhost, 127.0.0.1,::1", "default"};
    expect(checks::listening(local, "10.0.0.5"), error,
           "listen_addresses = 'localhost, 127.0.0.1,::1'. Nobody at 10.0.0.5 can connect.",
           "ALTER SYSTEM SET listen_addresses = '*'; -- then restart the server");
    EXPECT_EQ(checks::listening(local, "127.0.0.1/32").status, ok);
    EXPECT_EQ(checks::listening(local, "").status, ok);
    EXPECT_EQ(checks::listening({"listen_addresses", "localhost, 10.0.0.1", "default"}, "10.0.0.5").status, ok);
    EXPECT_EQ(checks::listening({"listen_addresses", "*", "default"}, "10.0.0.5").status, ok);
    EXPECT_EQ(checks::listening({"listen_addresses", "", "default"}, "10.0.0.5").status, error);
}

TEST(Check, PendingRestartsMatterWhereACloneDependsOnThem) {
    EXPECT_EQ(checks::pending_restart({}).status, ok);
    EXPECT_EQ(checks::pending_restart({"shared_buffers"}).status, warning);
    EXPECT_EQ(checks::pending_restart({"shared_buffers", "wal_level"}).status, error);
    EXPECT_EQ(checks::pending_restart({}, "GRANT it").status, ok);
    expect(checks::pending_restart({"wal_level"}, "GRANT it"), warning,
           "New values of these settings wait for a restart: wal_level. Without a look at the files a value that was "
           "taken back meanwhile seems to wait, too.",
           "GRANT it");
}

TEST(Check, RaisedLimitsNameTheOrderOfRestarts) {
    expect(checks::raised_limits({}, "a"), ok, "No limit that standbys must follow waits to be raised.", "");
    const std::vector<checks::Raised> limits = {{"max_connections", "100", "200"}, {"max_wal_senders", "10", "12"}};
    expect(checks::raised_limits(limits, ""), ok,
           "The next start raises max_connections from 100 to 200, max_wal_senders from 10 to 12. No standby is connected.", "");
    expect(checks::raised_limits(limits, "a, b"), warning,
           "The next start raises max_connections from 100 to 200, max_wal_senders from 10 to 12. A standby with less "
           "pauses its replay then, and does not start again. Connected: a, b.",
           "First on each standby: ALTER SYSTEM SET max_connections = '200'; ALTER SYSTEM SET max_wal_senders = '12'; "
           "and restart it; this server last.");
}

TEST(Check, RoomForWalIsWhatSlotsMayRetain) {
    constexpr std::int64_t gigabyte = 1 << 30;
    const checks::Setting unbounded{"max_slot_wal_keep_size", "-1", "default"}, large{"max_slot_wal_keep_size", "10240", ""};
    expect(checks::room_for_wal(unbounded, 4 * gigabyte, 8 * gigabyte, 0), ok,
           "4.0 GB of 8.0 GB are free where pg_wal lies.", "");
    expect(checks::room_for_wal(unbounded, 4 * gigabyte, 8 * gigabyte, 1), warning,
           "4.0 GB of 8.0 GB are free where pg_wal lies, and nothing bounds what 1 slot(s) may retain.",
           "ALTER SYSTEM SET max_slot_wal_keep_size = '2048MB'; SELECT pg_reload_conf();");
    expect(checks::room_for_wal(large, 4 * gigabyte, 8 * gigabyte, 1), warning,
           "4.0 GB of 8.0 GB are free where pg_wal lies, and slots may retain 10.0 GB.",
           "ALTER SYSTEM SET max_slot_wal_keep_size = '2048MB'; SELECT pg_reload_conf();");
    expect(checks::room_for_wal(large, 11 * gigabyte, 80 * gigabyte, 1), ok,
           "11.0 GB of 80.0 GB are free where pg_wal lies.", "");
    expect(checks::room_for_wal(large, 100 << 20, 80 * gigabyte, 0), error,
           "100.0 MB of 80.0 GB are free where pg_wal lies: the server stops when they are used up.",
           "Make room on that file system, or see the view replica.slots for slots that can be dropped.");
}
