#include "tool/preflight.hpp"

#include <gtest/gtest.h>

#include "tool/failure.hpp"
#include "tool/fake_preflight.hpp"
#include "tool/fake_world.hpp"

namespace {

using namespace cloning;
using Preflight = fake::Preflight;

const std::string prepare =
    "Run pg_replica prepare -h db1 -p 5432 -U admin -d 'my app', restart the primary, then run this command again.";

TEST_F(Preflight, FindsNothingWhenAllIsWell) { expect_none(); }

TEST_F(Preflight, APrimaryThatIsAStandby) {
    primary.in_recovery = true;
    expect_error(
        "the server is itself a standby",
        "Connect to its primary; SELECT sender_host, sender_port FROM pg_stat_wal_receiver names it. Or add "
        "--from-standby to copy this standby and to follow it.");
    options.from_standby = true;
    expect_none();
}

TEST_F(Preflight, ASourceThatIsNoStandby) {
    options.from_standby = true;
    expect_error("the server is no standby, and --from-standby was given",
                 "Leave --from-standby out, or connect to a standby.");
}

TEST_F(Preflight, FilesOfTheExtensionMissing) {
    primary.extension_version = "";
    primary.extension_available = false;
    expect_error(
        "the files of the extension pg_replica are not installed on the primary",
        "Install them on the primary's host (make install in pg_replica's source, with that server's "
        "pg_config).");
}

TEST_F(Preflight, ExtensionNotCreated) {
    primary.extension_version = "";
    expect_error(
        "the extension pg_replica is not created in this database of the primary",
        "Run CREATE EXTENSION pg_replica there, name the database that has it with -d, or add --prepare.");
    options.prepare = true;
    expect_none();
}

TEST_F(Preflight, WalLevelMinimal) {
    primary.wal_level = "minimal";
    expect_error("wal_level of the primary is minimal: it writes too little WAL for a standby", prepare);
}

TEST_F(Preflight, FewerThanTwoWalsendersFree) {
    primary.free_walsenders = 1;
    primary.max_wal_senders = 3;
    expect_error("the primary has 1 of 3 walsenders free, and a copy takes 2", prepare);
    primary.free_walsenders = 2;
    expect_none();
}

TEST_F(Preflight, AllSlotsTaken) {
    primary.free_slots = 0;
    primary.max_replication_slots = 4;
    expect_error(
        "all 4 replication slots of the primary are taken",
        "SELECT slot_name, active, retained_bytes FROM replica.slots shows them; drop one that nobody needs "
        "with SELECT * FROM replica.drop_slot('NAME'), or raise max_replication_slots with pg_replica "
        "prepare -h db1 -p 5432 -U admin -d 'my app' and restart the primary.");
    unfinished();
    primary.slot.exists = true;
    expect_none();
}

TEST_F(Preflight, AllSlotsTakenOnAFreshPrimary) {
    options.prepare = true;
    primary.extension_version = "";
    primary.free_slots = 0;
    primary.max_replication_slots = 4;
    expect_error(
        "all 4 replication slots of the primary are taken",
        "SELECT slot_name, active, restart_lsn FROM pg_replication_slots shows them; drop one that nobody "
        "needs with SELECT pg_drop_replication_slot('NAME'), or raise max_replication_slots with pg_replica "
        "prepare -h db1 -p 5432 -U admin -d 'my app' and restart the primary.");
}

// The connecting role cannot run what is advised.
TEST_F(Preflight, PrepareIsForASuperuser) {
    primary.is_superuser = false;
    primary.wal_level = "minimal";
    expect_error("wal_level of the primary is minimal: it writes too little WAL for a standby",
                 "Run pg_replica prepare -h db1 -p 5432 -U SUPERUSER -d 'my app', restart the primary, then run "
                 "this command again.");
}

TEST_F(Preflight, EveryMissingGrantIsListed) {
    primary.is_superuser = false;
    primary.user = "De ployer";
    primary.missing_rights = {"pg_monitor", "EXECUTE ON FUNCTION replica.create_slot(text)"};
    expect_error("the role \"De ployer\" lacks rights that a clone needs",
                 "Run as a superuser in the database \"my app\" of the primary: GRANT pg_monitor TO \"De ployer\"; "
                 "GRANT EXECUTE ON FUNCTION replica.create_slot(text) TO \"De ployer\";");
}

TEST_F(Preflight, SlotInUse) {
    primary.slot.exists = primary.slot.active = true;
    expect_error("the slot \"s1\" is in use on the primary: a standby of that name streams already",
                 "Give this standby another name with --name.");
}

TEST_F(Preflight, SlotOfSomebodyElse) {
    primary.slot.exists = true;
    expect_error(
        "the slot \"s1\" exists on the primary and was not made for this directory",
        "If no standby needs it, drop it with SELECT * FROM replica.drop_slot('s1'); otherwise give this "
        "standby another name with --name.");
}

// The mark of an unfinished clone of one primary is no claim to a slot on another.
TEST_F(Preflight, UnfinishedCloneOfAnotherPrimary) {
    unfinished();
    host.target.marker.system_identifier = "200";
    primary.slot.exists = true;
    const auto found = findings(options, primary, host);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].message, "the slot \"s1\" exists on the primary and was not made for this directory");
    EXPECT_EQ(found[1].message,
              "the unfinished clone in \"/srv/s1\" has the slot \"s1\" on another primary, of system "
              "identifier 200");
    EXPECT_EQ(found[1].fix,
              "Drop it there with SELECT * FROM replica.drop_slot('s1'), then remove the directory /srv/s1.");
}

TEST_F(Preflight, UnfinishedCloneWithAnotherSlot) {
    unfinished();
    host.target.marker.slot = "s0";
    expect_error(
        "the unfinished clone in \"/srv/s1\" has the slot \"s0\", not \"s1\"",
        "Run the command with the name of that clone (--slot s0), or drop the slot with SELECT * FROM "
        "replica.drop_slot('s0') and remove the directory /srv/s1.");
    host.target.marker.slot_created = false;
    expect_none();
}

TEST_F(Preflight, PrepareWithoutASuperuser) {
    options.prepare = true;
    primary.is_superuser = false;
    expect_error(
        "--prepare changes settings, roles and pg_hba.conf, and the connecting role is not a superuser",
        "Connect as a superuser with -U, or let one run pg_replica prepare and leave --prepare out.");
}

TEST_F(Preflight, ConfigurationElsewhereAndNoRightToReadIt) {
    primary.config_file = "/etc/pg/postgresql.conf";
    primary.is_superuser = false;
    expect_error(
        "the primary's configuration lies outside its data directory (/etc/pg/postgresql.conf), and only a "
        "superuser can read it",
        "Connect as a superuser with -U, or name a directory with the standby's own files with "
        "--config-dir.");
    options.config_dir = "/etc/s1";
    expect_none();
}

TEST_F(Preflight, LoginReachesAnotherCluster) {
    primary.login.system_identifier = "200";
    expect_error("the replication connection reaches another cluster than the connection for SQL",
                 "Check for a pooler or proxy between this host and the primary.");
}

TEST_F(Preflight, RoleMissing) {
    primary.login.succeeded = primary.role.exists = false;
    expect_error("the replication role \"replicator_s1\" does not exist on the primary",
                 "Add --prepare to have it made, or name an existing role with --replication-user.");
    options.prepare = true;
    expect_none();
}

TEST_F(Preflight, RoleCannotLogIn) {
    primary.login = {};
    primary.login.problem = "password authentication failed";
    primary.login.hint = "Look at the password.";
    expect_error("the role \"replicator_s1\" cannot log in for replication: password authentication failed",
                 "Look at the password.");
    primary.admission = "reject";
    primary.admission_reason = "line 7 rejects it";
    expect_error(
        "the role \"replicator_s1\" cannot log in for replication: password authentication failed "
        "pg_hba.conf: line 7 rejects it",
        "Run as a superuser on the primary: SELECT * FROM replica.allow_standby('replicator_s1', NULL);");
    primary.client_address = "10.0.0.2";
    options.replication_user = "o'neil";
    primary.admission = "no match";
    EXPECT_EQ(findings(options, primary, host).at(0).fix,
              "Run as a superuser on the primary: SELECT * FROM replica.allow_standby('o''neil', '10.0.0.2');");
    options.standby_address = "10.0.0.9";
    EXPECT_EQ(findings(options, primary, host).at(0).fix,
              "Run as a superuser on the primary: SELECT * FROM replica.allow_standby('o''neil', '10.0.0.9');");
}

TEST_F(Preflight, ARoleOfOneOwnGetsANewPassword) {
    primary.login = {};
    options.prepare = options.role_is_own = true;
    primary.role.ours = true;
    expect_none();
}

TEST_F(Preflight, NoChecksums) {
    primary.checksums = false;
    expect_warning("data checksums are off on the primary: damaged pages cannot be noticed while copying",
                   "Switch them on with pg_checksums --enable in the next maintenance window.");
}

TEST_F(Preflight, UnboundedSlots) {
    primary.slots_are_bounded = false;
    expect_warning(
        "max_slot_wal_keep_size of the primary is -1: while the standby is away, its slot keeps WAL until "
        "the "
        "primary's disk is full",
        "Bound it with SELECT * FROM replica.set_settings(max_slot_wal_keep_size => '10GB').");
}

TEST_F(Preflight, InheritedArchiveCommand) {
    primary.archive_mode = "on";
    primary.archive_command = "cp %p /a/%f";
    expect_warning("the standby inherits archive_command = 'cp %p /a/%f' and will run it after a promotion",
                   "Make sure that both servers may write to that archive, or change it on the standby.");
}

TEST(Refusal, ListsEveryErrorWithItsFixAndOnlyReportsWarnings) {
    fake::Reporter reporter;
    refuse_if_any_error(reporter, {{false, "old", "Renew."}});
    EXPECT_EQ(reporter.said, std::vector<std::string>{"old. Renew."});
    try {
        refuse_if_any_error(reporter, {{true, "a", "Do b."}, {false, "old", "Renew."}, {true, "c", "Do d."}});
        FAIL() << "nothing was refused";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code, ExitCode::precondition);
        EXPECT_EQ(failure.message, "the clone cannot begin: 2 things stand in the way; nothing was changed");
        EXPECT_EQ(failure.detail, "1. a.\n2. c.");
        EXPECT_EQ(failure.hint, "1. Do b.\n2. Do d.");
    }
}

}  // namespace
