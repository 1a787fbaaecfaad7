#include <gtest/gtest.h>

#include "tool/fake_preflight.hpp"

namespace {

using PreflightHost = fake::Preflight;

TEST_F(PreflightHost, PlaceThatBelongsToAServer) {
    host.enclosing = "/srv/p";
    host.enclosed = "/srv/p/s1";
    expect_error("\"/srv/p/s1\" lies inside \"/srv/p\", which belongs to a server",
                 "Choose a directory outside of every data directory, tablespace and pg_wal.");
}

TEST_F(PreflightHost, TargetNotEmpty) {
    host.target.state = target::State::occupied;
    expect_error("\"/srv/s1\" is not an empty directory, and nothing in it was made by an unfinished clone",
                 "Choose another directory with -D, or move what is there away yourself.");
}

TEST_F(PreflightHost, TargetIsADataDirectory) {
    host.target.state = target::State::occupied;
    host.former = "a PostgreSQL data directory of cluster 100 that ran as a primary (its state: shut down)";
    expect_error(
        "\"/srv/s1\" is a PostgreSQL data directory of cluster 100 that ran as a primary (its state: shut "
        "down)",
        "Choose another directory with -D, or move what is there away yourself.");
}

TEST_F(PreflightHost, APromotedCloneIsNobodysToRemove) {
    unfinished();
    host.target.marker.placed = host.promoted = host.server_running = true;
    expect_error(
        "the unfinished clone in \"/srv/s1\" has no standby.signal any more: it was promoted, and may hold "
        "data "
        "that no other server has",
        "To keep it, remove /srv/s1/pg_replica.unfinished; to clone anew, stop it and remove the directory.");
}

TEST_F(PreflightHost, TargetCannotBeMade) {
    host.parent_writable = false;
    expect_error("\"/srv/s1\" does not exist and cannot be created in \"/srv\"",
                 "Run install -d -m 0700 -o USER /srv/s1 as root, with the user that will run the server.");
    host.target.state = target::State::empty;
    expect_none();
}

TEST_F(PreflightHost, TargetOfAnotherUser) {
    host.target.state = target::State::empty;
    host.owned = false;
    expect_error(
        "\"/srv/s1\" belongs to another user than the one that runs this command",
        "Run the command as the directory's owner (--os-user when root), or change the owner with chown.");
}

TEST_F(PreflightHost, AServerRunsInTheTarget) {
    unfinished();
    host.server_running = true;
    expect_error("a server runs in \"/srv/s1\"", "Stop it with pg_ctl -D /srv/s1 stop.");
    host.target.marker.placed = true;
    expect_none();
}

TEST_F(PreflightHost, ARunningServerIsNeverToBeStoppedForAClone) {
    host.target.state = target::State::occupied;
    host.server_running = true;
    host.former = "a PostgreSQL data directory of cluster 100 that ran as a primary (its state: in production)";
    primary.slot.exists = true;
    expect_error("a server runs in \"/srv/s1\"",
                 "Choose another directory with -D. If it is a standby that you no longer want, stop it and remove it "
                 "yourself first.");
}

TEST_F(PreflightHost, TheStandbyItselfStoppedIsToBeStarted) {
    host.target.state = target::State::occupied;
    host.is_this_standby = true;
    primary.slot.exists = true;
    expect_error("\"/srv/s1\" holds this standby already: complete, and stopped",
                 "Start it with pg_ctl -D /srv/s1 -l /srv/s1/server.log start, then prove it with pg_replica verify.");
}

TEST_F(PreflightHost, LogNotWritable) {
    host.log_usable = false;
    options.log = "/nowhere/log";
    expect_error("the log \"/nowhere/log\" cannot be written",
                 "Name another file with --log, in a directory that exists and that the user of the server "
                 "may write to.");
}

TEST_F(PreflightHost, ConfigDirectoryMissing) {
    options.config_dir = "/etc/s1";
    host.config_dir_usable = false;
    expect_error("the configuration directory \"/etc/s1\" does not exist or cannot be written",
                 "Create it for the user that runs the server, and run the same command again.");
}

TEST_F(PreflightHost, ConfigDirectoryInTheTarget) {
    options.config_dir = "/srv/s1/conf";
    expect_error("the configuration directory \"/srv/s1/conf\" lies in \"/srv/s1\"",
                 "Choose one outside of -D, or leave --config-dir out to have the files in -D.");
}

TEST_F(PreflightHost, PortInUse) {
    host.port_free = false;
    expect_error("port 5433 is in use on this host", "Choose another one with --port.");
    unfinished();
    host.target.marker.placed = host.server_running = true;
    expect_none();
}

TEST_F(PreflightHost, TooLittleSpace) {
    host.places[0].free = 1 << 10;
    expect_error("the copy takes 1.0 MB in \"/srv/s1\", and only 1.0 kB are free there",
                 "Make room, or choose directories on a larger file system with -D, --waldir and --tablespace-mapping.");
    unfinished();
    expect_none();
}

TEST_F(PreflightHost, TooLittleSpaceForWal) {
    primary.max_wal_size = 1 << 30;
    expect_warning("only 1.0 GB are free for \"/srv/s1\": with WAL grown to max_wal_size (1.0 GB) it will take 1.0 GB",
                   "Make room before the standby has to work, or put WAL elsewhere with --waldir.");
}

TEST_F(PreflightHost, TablespaceOfAPrimaryOnThisHostWithoutMapping) {
    primary.tablespaces = {{"fast", "/ts/fast"}};
    host.occupied_outside = {"/ts/fast"};
    expect_error("the directory \"/ts/fast\" for a tablespace or for WAL is not empty on this host",
                 "Map a tablespace to an empty directory with --tablespace-mapping /ts/fast=/NEW/DIRECTORY; "
                 "give --waldir "
                 "an empty directory.");
}

TEST_F(PreflightHost, WalDirectoryCannotBeMade) {
    options.waldir = "/no/wal";
    host.unmakeable_outside = {"/no/wal"};
    expect_error("the directory \"/no/wal\" for a tablespace or for WAL does not exist and cannot be created",
                 "Run install -d -m 0700 -o USER /no/wal as root, with the user that will run the server.");
}

TEST_F(PreflightHost, TablespaceDirectoryOfAnotherUser) {
    host.foreign_outside = {"/ts/my own"};
    expect_error("the directory \"/ts/my own\" for a tablespace or for WAL belongs to another user",
                 "Run chown USER '/ts/my own' as root, with the user that will run the server.");
}

TEST_F(PreflightHost, TwoTablespacesInOneDirectory) {
    primary.tablespaces = {{"a", "/ts/a"}, {"b", "/ts/b"}};
    options.tablespace_mapping = {"/ts/a=/new", "/ts/b=/new/"};
    expect_error("the directory \"/new\" for a tablespace or for WAL and \"/new\" lie in one another",
                 "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.");
    options.tablespace_mapping[1] = "/ts/b=/new/b";
    expect_error("the directory \"/new/b\" for a tablespace or for WAL and \"/new\" lie in one another",
                 "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.");
}

TEST_F(PreflightHost, MappingOfWhatIsNoTablespace) {
    primary.tablespaces = {{"a", "/ts/a"}};
    options.tablespace_mapping = {"/ts/A=/new"};
    expect_error("no tablespace of the primary lies in \"/ts/A\"",
                 "SELECT spcname, pg_tablespace_location(oid) FROM pg_tablespace shows where they lie on the primary.");
}

TEST_F(PreflightHost, WalDirectoryInTheTargetOrAroundIt) {
    const std::string fix =
        "Choose directories outside of each other with --waldir, --tablespace-mapping and -D.";
    for (const std::string waldir : {"/srv/s1", "/srv/s1/wal", "/srv"}) {
        options.waldir = waldir;
        expect_error(
            "the directory \"" + waldir + "\" for a tablespace or for WAL and \"/srv/s1\" lie in one another",
            fix);
    }
    options.waldir = "/srv/s1_wal";
    expect_none();
}

TEST_F(PreflightHost, MappingOfAnotherForm) {
    for (const std::string mapping : {"/ts/fast", "ts=/new", "/ts=new", "=/new", "/ts="}) {
        options.tablespace_mapping = {mapping};
        expect_error("the tablespace mapping \"" + mapping + "\" is not of the form OLDDIR=NEWDIR",
                     "Give two absolute directories with one equals sign between them.");
    }
}

TEST_F(PreflightHost, OwnConfigurationWithALowerLimit) {
    options.config_dir = "/etc/s1";
    primary.limits = {{"max_connections", "100"}, {"max_worker_processes", "8"}};
    host.own_limits = {{"max_connections", "50"}, {"max_worker_processes", "8"}};
    expect_error(
        "max_connections is 50 in \"/etc/s1/postgresql.conf\" and 100 on the primary: with less, a standby "
        "does not "
        "start",
        "Write max_connections = 100 into that file.");
}

TEST_F(PreflightHost, OwnConfigurationThatTheServerRefuses) {
    options.config_dir = "/etc/s1";
    host.config_problem = "unrecognized configuration parameter \"foo\"";
    expect_error(
        "the configuration in \"/etc/s1\" is not valid on this host: unrecognized configuration parameter "
        "\"foo\"",
        "Mend the setting that the server names, then run the same command again.");
}

}  // namespace
