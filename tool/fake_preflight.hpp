// Facts with which a clone may begin, for tests of what stands in its way.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tool/preflight.hpp"

namespace fake {

// Each test spoils one fact.
struct Preflight : testing::Test {
    cloning::Options options;
    cloning::PrimaryFacts primary;
    cloning::HostFacts host;

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
        primary.extension_available = primary.is_superuser = primary.checksums = primary.slots_are_bounded =
            true;
        primary.wal_level = "replica";
        primary.free_walsenders = primary.max_wal_senders = primary.free_slots =
            primary.max_replication_slots = 10;
        primary.bytes = 1 << 20;
        primary.data_directory = "/srv/p";
        primary.config_file = "/srv/p/postgresql.conf";
        primary.archive_mode = "off";
        primary.host = "db1";
        primary.port = "5432";
        primary.user = "admin";
        primary.dbname = "my app";
        primary.role.exists = true;
        primary.login.succeeded = true;
        primary.login.system_identifier = "100";
        host.target.state = target::State::missing;
        host.parent = "/srv";
        host.parent_writable = true;
        host.places = {{"/srv/s1", 1 << 20, true, "1", 1 << 30}};
    }
    void unfinished() {
        host.target.state = target::State::unfinished;
        host.target.marker.slot = "s1";
        host.target.marker.system_identifier = "100";
        host.target.marker.slot_created = true;
    }
    void expect_none() {
        for (const cloning::Finding& finding : cloning::findings(options, primary, host))
            ADD_FAILURE() << finding.message;
    }
    void expect_one(bool is_error, const std::string& message, const std::string& fix) {
        const auto found = cloning::findings(options, primary, host);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].is_error, is_error);
        EXPECT_EQ(found[0].message, message);
        EXPECT_EQ(found[0].fix, fix);
    }
    void expect_error(const std::string& message, const std::string& fix) { expect_one(true, message, fix); }
    void expect_warning(const std::string& message, const std::string& fix) {
        expect_one(false, message, fix);
    }
};

}  // namespace fake
