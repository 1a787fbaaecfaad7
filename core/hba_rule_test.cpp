#include "core/hba_rule.hpp"

#include <gtest/gtest.h>

namespace {

hba::Rule rule_of(const std::string& text) {
    hba::Line line{"f", 1, 1, text, {}, {}};
    std::string word;
    for (const char c : text + " ") {
        if (c != ' ')
            word += c;
        else if (!word.empty())
            line.fields.push_back({{std::exchange(word, {}), false}});
    }
    return hba::parse({line}).front();
}

std::string error_of(const std::string& text) { return rule_of(text).error; }

}  // namespace

TEST(HbaRule, ReadsEachKindOfAddress) {
    EXPECT_EQ(rule_of("host all all all md5").where, hba::Where::anywhere);
    EXPECT_EQ(rule_of("host all all samehost md5").where, hba::Where::same_host);
    EXPECT_EQ(rule_of("host all all samenet md5").where, hba::Where::same_network);
    EXPECT_EQ(rule_of("host all all db1.example.com md5").host_name, "db1.example.com");
    EXPECT_EQ(hba::print(rule_of("host all all 10.0.0.0/24 md5").network), "10.0.0.0/24");
    EXPECT_EQ(hba::print(rule_of("host all all 10.0.0.0 255.255.0.0 md5").network), "10.0.0.0/16");
    EXPECT_EQ(hba::print(rule_of("host all all 10/8 md5").network), "0.0.0.10/8");
    EXPECT_EQ(rule_of("host all all 10.0.0.0 255.255.0.0 md5").method, "md5");
}

TEST(HbaRule, ConnectionTypesAreSetsOfChannels) {
    const auto has = [](const char* type, hba::Channel channel) {
        return (hba::channels_of(type).value() & hba::bit(channel)) != 0;
    };
    for (const auto channel : {hba::Channel::plain, hba::Channel::tls, hba::Channel::gss})
        EXPECT_TRUE(has("host", channel));
    EXPECT_FALSE(has("host", hba::Channel::local));
    EXPECT_TRUE(has("hostnossl", hba::Channel::gss));
    EXPECT_FALSE(has("hostnossl", hba::Channel::tls));
    EXPECT_TRUE(has("hostnogssenc", hba::Channel::tls));
    EXPECT_FALSE(hba::channels_of("Host"));
    EXPECT_FALSE(hba::channels_of("hosts"));
}

TEST(HbaRule, BrokenLinesSayWhatTheServerSays) {
    EXPECT_EQ(error_of("host"), "end-of-line before database specification");
    EXPECT_EQ(error_of("host all"), "end-of-line before role specification");
    EXPECT_EQ(error_of("host all all"), "end-of-line before IP address specification");
    EXPECT_EQ(error_of("host all all 1.2.3.4"), "end-of-line before netmask specification");
    EXPECT_EQ(error_of("host all all 1.2.3.4/33 md5"), "invalid CIDR mask in address \"1.2.3.4/33\"");
    EXPECT_EQ(error_of("host all all 1.2.3.4 ::1 md5"), "IP address and mask do not match");
    EXPECT_EQ(error_of("host all all 1.2.3.4 scram md5"), "invalid IP mask \"scram\"");
    EXPECT_EQ(error_of("host all all name/8 md5"),
              "specifying both host name and CIDR mask is invalid: \"name/8\"");
    EXPECT_EQ(error_of("host all all 1.2.3.4/32 scram"), "invalid authentication method \"scram\"");
    EXPECT_EQ(error_of("trusthost all all 1.2.3.4/32 md5"), "invalid connection type \"trusthost\"");
    EXPECT_EQ(error_of("host all all 1.2.3.4/32 peer"),
              "peer authentication is only supported on local sockets");
    EXPECT_EQ(error_of("host all all 1.2.3.4/32 cert"),
              "cert authentication is only supported on hostssl connections");
    EXPECT_EQ(error_of("local all all md5 x"), "authentication option not in name=value format: x");
    EXPECT_EQ(error_of("local all all gss"), "gssapi authentication is not supported on local sockets");
}

TEST(HbaRule, GoodLinesHaveNoError) {
    for (const char* text :
         {"local all all peer", "local all all ident map=x", "hostssl all all ::/0 cert map=x",
          "hostgssenc all all 0.0.0.0/0 gss", "host all all 1.2.3.4/32 ldap ldapserver=x"})
        EXPECT_EQ(error_of(text), "") << text;
    EXPECT_EQ(rule_of("local all all ident").method, "peer");
}

TEST(HbaRule, OnlyMethodsWithAProofCount) {
    for (const char* method : {"trust", "ident", "reject"})
        EXPECT_FALSE(hba::proves_identity(method)) << method;
    for (const char* method : {"scram-sha-256", "md5", "cert", "gss", "peer"})
        EXPECT_TRUE(hba::proves_identity(method));
}
