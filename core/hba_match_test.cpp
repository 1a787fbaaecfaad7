#include "core/hba_match.hpp"

#include <gtest/gtest.h>

#include "core/hba_token.hpp"

namespace {

class NoFiles : public hba::Files {
    Content read(const std::string&) override { return {{}, "no files", true}; }
    std::vector<std::string> configuration_files(const std::string&, std::string& error) override {
        error = "no files";
        return {};
    }
};

hba::Network network(const std::string& text) {
    const auto slash = text.find('/');
    const hba::Address address = hba::parse_address(text.substr(0, slash)).value();
    const int most = address.v6 ? 128 : 32;
    return {address,
            hba::mask_of(slash == std::string::npos ? most : std::stoi(text.substr(slash + 1)), address.v6)};
}

std::vector<hba::Rule> rules_of(const std::string& content) {
    NoFiles none;
    auto rules = hba::parse(hba::tokenize("/c/pg_hba.conf", content, hba::Dialect::of(180000), none));
    EXPECT_EQ(hba::first_error(rules), nullptr) << content;
    return rules;
}

hba::Request request(const std::string& role = "rep", const std::string& from = "10.0.0.5",
                     hba::Channel channel = hba::Channel::plain) {
    hba::Request result;
    result.role = role;
    result.groups = {role, "replicators"};
    result.channel = channel;
    result.from = network(from);
    return result;
}

hba::Request to(std::string database, hba::Request result = request()) {
    result.database = std::move(database);
    return result;
}

// The server's engine stands in for itself elsewhere: here a pattern matches what it is contained in.
hba::Surroundings around() {
    hba::Surroundings result;
    result.interfaces = {network("10.0.0.1/24"), network("127.0.0.1/8")};
    result.regular_expressions = true;
    result.matches = [](const std::string& text, const std::string& pattern) {
        return text.find(pattern) != std::string::npos;
    };
    return result;
}

// "accept 2", "reject 1", "no match"
std::string answer(const std::string& content, const hba::Request& asked = request(),
                   hba::Surroundings where = around()) {
    const auto rules = rules_of(content);
    const hba::Verdict verdict = hba::decide(rules, asked, where);
    static const char* const words[] = {"accept", "reject", "no match", "unknown"};
    const std::string word = words[static_cast<int>(verdict.decision)];
    return verdict.rule == nullptr ? word : word + " " + std::to_string(verdict.rule->line.number);
}

std::string why(const std::string& content, const hba::Request& asked = request()) {
    const auto rules = rules_of(content);
    return hba::decide(rules, asked, around()).explanation.front();
}

}  // namespace

TEST(HbaMatch, TheFirstLineThatMatchesDecides) {
    EXPECT_EQ(answer("host replication rep 10.0.0.5/32 reject\nhost replication rep 10.0.0.5/32 md5"),
              "reject 1");
    EXPECT_EQ(answer("host replication other 10.0.0.5/32 reject\nhost replication rep 10.0.0.5/32 md5"),
              "accept 2");
    EXPECT_EQ(answer("# nothing\n"), "no match");
}

TEST(HbaMatch, OnlyTheUnquotedKeywordTakesPhysicalReplication) {
    EXPECT_EQ(answer("host all rep 10.0.0.5/32 md5"), "no match");
    EXPECT_EQ(answer("host \"replication\" rep 10.0.0.5/32 md5"), "no match");
    EXPECT_EQ(answer("host Replication rep 10.0.0.5/32 md5"), "no match");
    EXPECT_EQ(answer("host /replication rep 10.0.0.5/32 md5"), "no match");
    EXPECT_EQ(answer("host postgres,replication rep 10.0.0.5/32 md5"), "accept 1");
    EXPECT_EQ(answer("host re\"plication\" rep 10.0.0.5/32 md5"), "accept 1");
}

TEST(HbaMatch, DatabasesMatchByNameKeywordAndPattern) {
    EXPECT_EQ(answer("host all rep all md5", to("postgres")), "accept 1");
    EXPECT_EQ(answer("host replication rep all md5", to("replication")), "no match");
    EXPECT_EQ(answer("host \"replication\" rep all md5", to("replication")), "accept 1");
    EXPECT_EQ(answer("host sameuser rep all md5", to("rep")), "accept 1");
    EXPECT_EQ(answer("host sameuser rep all md5", to("postgres")), "no match");
    EXPECT_EQ(answer("host samerole rep all md5", to("replicators")), "accept 1");
    EXPECT_EQ(answer("host samegroup rep all md5", to("postgres")), "no match");
    EXPECT_EQ(answer("host \"all\" rep all md5", to("postgres")), "no match");
    EXPECT_EQ(answer("host \"all\" rep all md5", to("all")), "accept 1");
    EXPECT_EQ(answer("host /post rep all md5", to("postgres")), "accept 1");
    EXPECT_EQ(answer("host \"/post\" rep all md5", to("postgres")), "accept 1");
}

TEST(HbaMatch, SlashesAreOrdinaryBefore16) {
    hba::Surroundings old = around();
    old.regular_expressions = false;
    EXPECT_EQ(answer("host /post rep all md5", to("postgres"), old), "no match");
    EXPECT_EQ(answer("host /post rep all md5", to("/post"), old), "accept 1");
}

TEST(HbaMatch, UsersMatchByNameGroupAndPattern) {
    EXPECT_EQ(answer("host replication all all md5"), "accept 1");
    EXPECT_EQ(answer("host replication \"all\" all md5"), "no match");
    EXPECT_EQ(answer("host replication +replicators all md5"), "accept 1");
    EXPECT_EQ(answer("host replication \"+replicators\" all md5"), "no match");
    EXPECT_EQ(answer("host replication +\"replicators\" all md5"), "accept 1");
    EXPECT_EQ(answer("host replication +rep all md5"), "accept 1");
    EXPECT_EQ(answer("host replication /^re all md5", request("^re")), "accept 1");
    EXPECT_EQ(answer("host replication Rep all md5"), "no match");
    EXPECT_EQ(answer("host replication \"a \"\"b\" all md5", request("a \"b")), "accept 1");
}

TEST(HbaMatch, ARoleThatDoesNotExistIsInNoGroup) {
    hba::Request nobody = request("nobody");
    nobody.groups.clear();
    EXPECT_EQ(answer("host replication +nobody all md5", nobody), "no match");
    EXPECT_EQ(answer("host replication nobody all md5", nobody), "accept 1");
}

TEST(HbaMatch, AddressesMatchByNetworkMaskAndInterface) {
    EXPECT_EQ(answer("host replication rep 10.0.0.0/29 md5"), "accept 1");
    EXPECT_EQ(answer("host replication rep 10.0.0.0/29 md5", request("rep", "10.0.0.9")), "no match");
    EXPECT_EQ(answer("host replication rep 10.0.0.0 255.0.255.255 md5", request("rep", "10.7.0.0")),
              "accept 1");
    EXPECT_EQ(answer("host replication rep ::/0 md5"), "no match");
    EXPECT_EQ(answer("host replication rep samehost md5", request("rep", "10.0.0.1")), "accept 1");
    EXPECT_EQ(answer("host replication rep samehost md5"), "no match");
    EXPECT_EQ(answer("host replication rep samenet md5"), "accept 1");
    EXPECT_EQ(answer("host replication rep \"samenet\" md5"), "unknown 1");
}

TEST(HbaMatch, TypesMatchByChannel) {
    EXPECT_EQ(answer("hostssl replication rep all md5"), "no match");
    EXPECT_EQ(answer("hostssl replication rep all md5", request("rep", "10.0.0.5", hba::Channel::tls)),
              "accept 1");
    EXPECT_EQ(answer("hostnossl replication rep all md5"), "accept 1");
    EXPECT_EQ(answer("hostgssenc replication rep all gss"), "no match");
    EXPECT_EQ(answer("local replication rep md5"), "no match");
    EXPECT_EQ(answer("host replication rep all md5", request("rep", "10.0.0.5", hba::Channel::local)),
              "no match");
    EXPECT_EQ(answer("local replication rep md5", request("rep", "10.0.0.5", hba::Channel::local)),
              "accept 1");
}

TEST(HbaMatch, AHostNameIsUndecidedOnlyWhereItWouldMatter) {
    EXPECT_EQ(answer("host replication rep db.example.com reject\nhost replication rep all md5"),
              "unknown 1");
    EXPECT_EQ(answer("host replication other db.example.com reject\nhost replication rep all md5"),
              "accept 2");
    EXPECT_EQ(answer("hostssl replication rep db.example.com reject\nhost replication rep all md5"),
              "accept 2");
}

TEST(HbaMatch, FiveCausesHaveFiveReasons) {
    EXPECT_EQ(why("host all rep 10.0.0.5/32 md5"),
              "Line 1 is for the databases all: only the keyword replication takes physical replication.");
    EXPECT_EQ(why("host \"replication\" rep 10.0.0.5/32 md5"),
              "Line 1 names a database \"replication\": in quotes it is not the keyword for replication "
              "connections.");
    EXPECT_EQ(why("host replication rep 10.0.0.5/32 reject"), "Line 1 decides: rejected by method reject.");
    EXPECT_EQ(why("host replication rep 10.0.0.8/29 md5"), "Line 1 is for 10.0.0.8/29, not for 10.0.0.5.");
    EXPECT_EQ(why("hostssl replication rep 10.0.0.5/32 md5"), "Line 1 is for TLS connections only.");
    EXPECT_EQ(why("host replication Rep,\"x\" 10.0.0.5/32 md5"),
              "Line 1 is for the users Rep, \"x\", not for \"rep\": upper and lower case differ.");
}

namespace {

std::string admitted(const std::string& content, const std::string& from = "10.0.0.0/24",
                     const char* type = "host") {
    const auto rules = rules_of(content);
    const auto found = hba::admission(rules, request("rep", from), *hba::channels_of(type), around());
    if (found.admitted) return "by " + std::to_string(found.decided_by->line.number);
    return found.before == nullptr ? "at the end" : "before " + std::to_string(found.before->line.number);
}

}  // namespace

TEST(HbaAdmission, NothingIsNeededWhereAllOfTheNetworkIsLetIn) {
    EXPECT_EQ(admitted("host replication rep 10.0.0.0/8 scram-sha-256"), "by 1");
    EXPECT_EQ(admitted("host replication rep 10.0.0.5/32 md5\nhost replication rep 10.0.0.0/8 md5"), "by 1");
    EXPECT_EQ(admitted("hostssl replication rep all md5\nhostnossl replication rep all md5"), "by 2");
}

TEST(HbaAdmission, ALineGoesBeforeWhatStandsInTheWay) {
    EXPECT_EQ(admitted(""), "at the end");
    EXPECT_EQ(admitted("host all all all reject"), "at the end");
    EXPECT_EQ(admitted("host replication all all reject"), "before 1");
    EXPECT_EQ(admitted("host replication all all trust"), "before 1");
    EXPECT_EQ(admitted("host replication all all ident"), "before 1");
    EXPECT_EQ(admitted("host replication other all reject\n\nhost replication all db.example.com md5"),
              "before 3");
    EXPECT_EQ(admitted("host replication rep 10.0.0.5/32 md5\nhost replication all 10.0.0.6/32 reject"),
              "before 2");
    EXPECT_EQ(admitted("host replication rep 10.0.0.5/32 md5"), "at the end");
}

TEST(HbaAdmission, EveryChannelOfTheTypeCounts) {
    EXPECT_EQ(admitted("hostssl replication rep all md5"), "at the end");
    EXPECT_EQ(admitted("hostssl replication rep all md5", "10.0.0.0/24", "hostssl"), "by 1");
    EXPECT_EQ(admitted("hostnossl replication all all reject\nhost replication all all md5"), "before 1");
    EXPECT_EQ(admitted("hostnossl replication all all reject\nhost replication all all md5", "10.0.0.0/24",
                       "hostssl"),
              "by 2");
    EXPECT_EQ(admitted("hostgssenc replication all all reject\nhostssl replication all all reject"),
              "before 1");
}
