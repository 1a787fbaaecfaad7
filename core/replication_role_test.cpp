#include "core/replication_role.hpp"

#include <gtest/gtest.h>

using checks::Role;

namespace {

const std::string copies = "Can copy every database of the cluster with all password verifiers, and create and drop replication slots.";

Role role() { return {"rep", true, true, false, false, "", -1, 0}; }

}  // namespace

TEST(ReplicationRole, ReadsEverything) {
    EXPECT_EQ(checks::meaning(role(), "scram-sha-256"), copies);
    EXPECT_EQ(checks::meaning(role(), std::nullopt), copies) << "what cannot be seen is not guessed";
}

TEST(ReplicationRole, ASuperuserIsMore) {
    Role super = role();
    super.superuser = true;
    super.connection_limit = 0;
    EXPECT_EQ(checks::meaning(super, "scram-sha-256"), "A superuser: can do everything; give standbys a role of their own.");
}

TEST(ReplicationRole, WhatKeepsItOutIsNamedByItsCause) {
    Role one = role();
    EXPECT_EQ(checks::meaning(one, "none"), copies + " Has no password: only a line of pg_hba.conf that asks for none lets it in.");
    EXPECT_EQ(checks::meaning(one, "md5"),
              copies + " Its password is an md5 hash: a line of pg_hba.conf with scram-sha-256 refuses it.");
    one.connection_limit = one.connections = 2;
    EXPECT_EQ(checks::meaning(one, "scram-sha-256"), copies + " Its connection limit of 2 is used up.");
    one = role();
    one.expired = true;
    one.valid_until = "2020-01-01 00:00:00+00";
    EXPECT_EQ(checks::meaning(one, "md5"), copies + " Its password expired at 2020-01-01 00:00:00+00.");
    one.can_login = false;
    EXPECT_EQ(checks::meaning(one, "md5"), copies + " Cannot log in as it is: NOLOGIN.");
}
