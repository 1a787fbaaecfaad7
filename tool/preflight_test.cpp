#include "tool/preflight.hpp"

#include <gtest/gtest.h>

#include "tool/fake_world.hpp"
#include "tool/failure.hpp"

namespace {

using namespace cloning;

// Facts with which a clone may begin; each test spoils one.
struct Preflight : testing::Test {
    Options options;
    PrimaryFacts primary;
    HostFacts host;

    void SetUp() override {
        options.directory = "/srv/s1";
        options.name = "s1";
        options.slot = "s1";
        options.replication_user = "replicator_s1";
        options.port = 5433;
        options.log = "/srv/s1/server.log";
        primary.version = 150020;
        primary.system_identifier = "100";
        primary.extension_version = "1.0";
        primary.extension_available = primary.is_superuser = primary.checksums = primary.slots_are_bounded = true;
        primary.wal_level = "replica";
        primary.free_walsenders = primary.max_wal_senders = primary.free_slots = primary.max_replication_slots = 10;
        primary.bytes = 1 << 20;
        primary.data_directory = "/srv/p";
        primary.config_file = "/srv/p/postgresql.conf";
        primary.archive_mode = "off";
        primary.host = "db1";
        primary.port = "5432";
        primary.role.exists = true;
        primary.login.succeeded = true;
        primary.login.system_identifier = "100";
        host.target.state = target::State::missing;
        host.parent = "/srv";
        host.parent_writable = true;
        host.free_bytes = 1 << 30;
    }
    void unfinished() {
        host.target.state = target::State::unfinished;
        host.target.marker.slot = "s1";
        host.target.marker.system_identifier = "100";
        host.target.marker.slot_created = true;
    }
    void expect_none() {
        for (const Finding& finding : findings(options, primary, host)) ADD_FAILURE() << finding.message;
    }
    void expect_one(bool is_error, const std::string& message, const std::string& fix) {
        const auto found = findings(options, primary, host);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].is_error, is_error);
        EXPECT_EQ(found[0].message, message);
        EXPECT_EQ(found[0].fix, fix);
    }
    void expect_error(const std::string& message, const std::string& fix) { expect_one(true, message, fix); }
    void expect_warning(const std::string& message, const std::string& fix) { expect_one(false, message, fix); }
};

const std::string prepare =
    "Run pg_replica prepare -h db1 -p 5432 as a superuser, restart the primary, then run this command again.";

TEST_F(Preflight, FindsNothingWhenAllIsWell) { expect_none(); }

TEST_F(Preflight, APrimaryThatIsAStandby) {
    primary.in_recovery = true;
    expect_error("the server is itself a standby",
                 "Connect to its primary; SELECT sender_host, sender_port FROM pg_stat_wal_receiver names it.");
}

TEST_F(Preflight, FilesOfTheExtensionMissing) {
    primary.extension_version = "";
    primary.extension_available = false;
    expect_error("the files of the extension pg_replica are not installed on the primary",
                 "Install them on the primary's host (make install in pg_replica's source, with that server's "
                 "pg_config).");
}

TEST_F(Preflight, ExtensionNotCreated) {
    primary.extension_version = "";
    expect_error("the extension pg_replica is not created in this database of the primary",
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
    expect_error("all 4 replication slots of the primary are taken",
                 "SELECT slot_name, active, retained_bytes FROM replica.slots shows them; drop one that nobody needs "
                 "with SELECT * FROM replica.drop_slot('NAME'), or raise max_replication_slots with pg_replica prepare.");
    unfinished();
    primary.slot.exists = true;
    expect_none();
}

TEST_F(Preflight, SlotInUse) {
    primary.slot.exists = primary.slot.active = true;
    expect_error("the slot \"s1\" is in use on the primary: a standby of that name streams already",
                 "Give this standby another name with --name.");
}

TEST_F(Preflight, SlotOfSomebodyElse) {
    primary.slot.exists = true;
    expect_error("the slot \"s1\" exists on the primary and was not made for this directory",
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
              "the unfinished clone in \"/srv/s1\" has the slot \"s1\" on another primary, of system identifier 200");
    EXPECT_EQ(found[1].fix, "Drop it there with SELECT * FROM replica.drop_slot('s1'), then remove the directory /srv/s1.");
}

TEST_F(Preflight, UnfinishedCloneWithAnotherSlot) {
    unfinished();
    host.target.marker.slot = "s0";
    expect_error("the unfinished clone in \"/srv/s1\" has the slot \"s0\", not \"s1\"",
                 "Run the command with the name of that clone (--slot s0), or drop the slot with SELECT * FROM "
                 "replica.drop_slot('s0') and remove the directory /srv/s1.");
    host.target.marker.slot_created = false;
    expect_none();
}

TEST_F(Preflight, PrepareWithoutASuperuser) {
    options.prepare = true;
    primary.is_superuser = false;
    expect_error("--prepare changes settings, roles and pg_hba.conf, and the connecting role is not a superuser",
                 "Connect as a superuser with -U, or let one run pg_replica prepare and leave --prepare out.");
}

TEST_F(Preflight, ConfigurationElsewhereAndNoRightToReadIt) {
    primary.config_file = "/etc/pg/postgresql.conf";
    primary.is_superuser = false;
    expect_error("the primary's configuration lies outside its data directory (/etc/pg/postgresql.conf), and only a "
                 "superuser can read it",
                 "Connect as a superuser with -U, or name a directory with the standby's own files with --config-dir.");
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
    expect_error("the role \"replicator_s1\" cannot log in for replication: password authentication failed "
                 "pg_hba.conf: line 7 rejects it",
                 "Look at the password.");
}

TEST_F(Preflight, ARoleOfOneOwnGetsANewPassword) {
    primary.login = {};
    options.prepare = options.role_is_own = true;
    primary.role.ours = true;
    expect_none();
}

TEST_F(Preflight, PlaceThatBelongsToAServer) {
    host.enclosing = "/srv/p";
    host.enclosed = "/srv/p/s1";
    expect_error("\"/srv/p/s1\" lies inside \"/srv/p\", which belongs to a server",
                 "Choose a directory outside of every data directory, tablespace and pg_wal.");
}

TEST_F(Preflight, TargetNotEmpty) {
    host.target.state = target::State::occupied;
    expect_error("\"/srv/s1\" is not an empty directory, and nothing in it was made by an unfinished clone",
                 "Choose another directory with -D, or move what is there away yourself.");
}

TEST_F(Preflight, TargetIsADataDirectory) {
    host.target.state = target::State::occupied;
    host.former = "a PostgreSQL data directory of cluster 100 that ran as a primary (its state: shut down)";
    expect_error("\"/srv/s1\" is a PostgreSQL data directory of cluster 100 that ran as a primary (its state: shut down)",
                 "Choose another directory with -D, or move what is there away yourself.");
}

TEST_F(Preflight, APromotedCloneIsNobodysToRemove) {
    unfinished();
    host.target.marker.placed = host.promoted = host.server_running = true;
    expect_error("the unfinished clone in \"/srv/s1\" has no standby.signal any more: it was promoted, and may hold data "
                 "that no other server has",
                 "To keep it, remove /srv/s1/pg_replica.unfinished; to clone anew, stop it and remove the directory.");
}

TEST_F(Preflight, TargetCannotBeMade) {
    host.parent_writable = false;
    expect_error("\"/srv/s1\" does not exist and cannot be created in \"/srv\"",
                 "Run install -d -m 0700 -o USER /srv/s1 as root, with the user that will run the server.");
    host.target.state = target::State::empty;
    expect_none();
}

TEST_F(Preflight, TargetOfAnotherUser) {
    host.target.state = target::State::empty;
    host.owned = false;
    expect_error("\"/srv/s1\" belongs to another user than the one that runs this command",
                 "Run the command as the directory's owner (--os-user when root), or change the owner with chown.");
}

TEST_F(Preflight, AServerRunsInTheTarget) {
    unfinished();
    host.server_running = true;
    expect_error("a server runs in \"/srv/s1\"", "Stop it with pg_ctl -D /srv/s1 stop.");
    host.target.marker.placed = true;
    expect_none();
}

TEST_F(Preflight, LogNotWritable) {
    host.log_usable = false;
    options.log = "/nowhere/log";
    expect_error("the log \"/nowhere/log\" cannot be written",
                 "Name another file with --log, in a directory that exists and that the user of the server may write to.");
}

TEST_F(Preflight, ConfigDirectoryMissing) {
    options.config_dir = "/etc/s1";
    host.config_dir_usable = false;
    expect_error("the configuration directory \"/etc/s1\" does not exist or cannot be written",
                 "Create it for the user that runs the server, and run the same command again.");
}

TEST_F(Preflight, ConfigDirectoryInTheTarget) {
    options.config_dir = "/srv/s1/conf";
    expect_error("the configuration directory \"/srv/s1/conf\" lies in \"/srv/s1\"",
                 "Choose one outside of -D, or leave --config-dir out to have the files in -D.");
}

TEST_F(Preflight, PortInUse) {
    host.port_free = false;
    expect_error("port 5433 is in use on this host", "Choose another one with --port.");
    unfinished();
    host.target.marker.placed = host.server_running = true;
    expect_none();
}

TEST_F(Preflight, TooLittleSpace) {
    host.free_bytes = 1 << 10;
    expect_error("the primary holds 1.0 MB, and only 1.0 kB are free for \"/srv/s1\"",
                 "Make room, or choose a directory on a larger file system with -D.");
    primary.bytes = 0;
    expect_none();
}

TEST_F(Preflight, TablespaceOfAPrimaryOnThisHostWithoutMapping) {
    primary.tablespaces = {{"fast", "/ts/fast"}};
    host.occupied_outside = {"/ts/fast"};
    expect_error("the directory \"/ts/fast\" for a tablespace or for WAL is not empty on this host",
                 "Map a tablespace to an empty directory with --tablespace-mapping /ts/fast=/NEW/DIRECTORY; give --waldir "
                 "an empty directory.");
}

TEST_F(Preflight, WalDirectoryCannotBeMade) {
    options.waldir = "/no/wal";
    host.unmakeable_outside = {"/no/wal"};
    expect_error("the directory \"/no/wal\" for a tablespace or for WAL does not exist and cannot be created",
                 "Run install -d -m 0700 -o USER /no/wal as root, with the user that will run the server.");
}

TEST_F(Preflight, WalDirectoryInTheTargetOrAroundIt) {
    const std::string fix = "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.";
    for (const std::string waldir : {"/srv/s1", "/srv/s1/wal", "/srv"}) {
        options.waldir = waldir;
        expect_error("the directory \"" + waldir + "\" for a tablespace or for WAL and \"/srv/s1\" lie in one another", fix);
    }
    options.waldir = "/srv/s1_wal";
    expect_none();
}

TEST_F(Preflight, MappingOfAnotherForm) {
    for (const std::string mapping : {"/ts/fast", "ts=/new", "/ts=new", "=/new", "/ts="}) {
        options.tablespace_mapping = {mapping};
        expect_error("the tablespace mapping \"" + mapping + "\" is not of the form OLDDIR=NEWDIR",
                     "Give two absolute directories with one equals sign between them.");
    }
}

TEST_F(Preflight, OwnConfigurationWithALowerLimit) {
    options.config_dir = "/etc/s1";
    primary.limits = {{"max_connections", "100"}, {"max_worker_processes", "8"}};
    host.own_limits = {{"max_connections", "50"}, {"max_worker_processes", "8"}};
    expect_error("max_connections is 50 in \"/etc/s1/postgresql.conf\" and 100 on the primary: with less, a standby does not "
                 "start",
                 "Write max_connections = 100 into that file.");
}

TEST_F(Preflight, OwnConfigurationThatTheServerRefuses) {
    options.config_dir = "/etc/s1";
    host.config_problem = "unrecognized configuration parameter \"foo\"";
    expect_error("the configuration in \"/etc/s1\" is not valid on this host: unrecognized configuration parameter \"foo\"",
                 "Mend the setting that the server names, then run the same command again.");
}

TEST_F(Preflight, NoChecksums) {
    primary.checksums = false;
    expect_warning("data checksums are off on the primary: damaged pages cannot be noticed while copying",
                   "Switch them on with pg_checksums --enable in the next maintenance window.");
}

TEST_F(Preflight, UnboundedSlots) {
    primary.slots_are_bounded = false;
    expect_warning("max_slot_wal_keep_size of the primary is -1: while the standby is away, its slot keeps WAL until the "
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
