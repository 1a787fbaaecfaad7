#include "core/hba_write.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace {

const hba::Dialect pg13 = hba::Dialect::of(130000);
const hba::Dialect pg15 = hba::Dialect::of(150000);
const hba::Dialect pg18 = hba::Dialect::of(180000);

hba::Entry entry(const std::string& role = "rep") {
    return {"host", role, hba::Network{hba::parse_address("10.0.0.5").value(), hba::mask_of(32, false)},
            "scram-sha-256"};
}

const std::string ours = "host replication \"rep\" 10.0.0.5/32 scram-sha-256 # added by pg_replica\n";

class NoFiles : public hba::Files {
    Content read(const std::string& path) override { return {{}, path, true}; }
    std::vector<std::string> configuration_files(const std::string& path, std::string& error) override {
        error = path;
        return {};
    }
};

}  // namespace

TEST(HbaWrite, TheRoleIsAlwaysOneQuotedToken) {
    EXPECT_EQ(hba::rule_text(entry(), pg15), "host replication \"rep\" 10.0.0.5/32 scram-sha-256");
    EXPECT_EQ(hba::rule_text({"local", "rep", std::nullopt, "peer"}, pg15), "local replication \"rep\" peer");
    EXPECT_EQ(hba::quote_token("a\"b"), "\"a\"\"b\"");
}

TEST(HbaWrite, HostileRoleNamesStayOneToken) {
    for (const std::string role :
         {"all", "+grp", "@/etc/passwd", "a b", "a\"b", "\"", "\"\"", "a#b", "a,b", "\\", "x\\",
          "replication", "samerole", "10.0.0.1/32 trust #", "k\xc3\xa4se"}) {
        NoFiles none;
        const hba::Edit edit = hba::insert("", pg15, entry(role), 0);
        const auto lines = hba::tokenize("f", edit.content, pg15, none);
        ASSERT_EQ(lines.size(), 1U) << role;
        ASSERT_EQ(lines[0].fields.size(), 5U) << role;
        EXPECT_EQ(lines[0].fields[2], (hba::Field{{role, true}})) << role;
    }
}

TEST(HbaWrite, NamesThatTheFileCannotHoldAreRefused) {
    for (const std::string& role :
         {std::string(), std::string("a\nhost all all 0.0.0.0/0 trust #"), std::string("a\tb"),
          std::string("a\rb"), std::string(64, 'x'), std::string("a\0b", 3)})
        EXPECT_THROW(hba::rule_text(entry(role), pg15), core::Error) << role;
    try {
        hba::rule_text(entry("/rep"), pg18);
        ADD_FAILURE() << "a regular expression in place of a role";
    } catch (const core::Error& error) {
        EXPECT_EQ(error.sqlstate, "42602");
        EXPECT_EQ(error.message, "role name \"/rep\" cannot be written in pg_hba.conf");
    }
    EXPECT_NO_THROW(hba::rule_text(entry("/rep"), pg15));
}

TEST(HbaWrite, AnEndIsClosedBeforeALineIsAdded) {
    EXPECT_EQ(hba::insert("", pg15, entry(), 0).content, ours);
    EXPECT_EQ(hba::insert("local all all trust", pg15, entry(), 0).content, "local all all trust\n" + ours);
    EXPECT_EQ(hba::insert("# x\n", pg15, entry(), 0).content, "# x\n" + ours);
    EXPECT_EQ(hba::insert("# x\n", pg15, entry(), 0).line_number, 2);
    EXPECT_EQ(hba::insert("# x \\", pg15, entry(), 0).content, "# x \\\n\n" + ours);
    EXPECT_EQ(hba::insert("# x \\\n", pg15, entry(), 0).content, "# x \\\n\n" + ours);
    EXPECT_EQ(hba::insert("# x \\\n", pg15, entry(), 0).line_number, 3);
    EXPECT_EQ(hba::insert("# x \\\n", pg13, entry(), 0).content, "# x \\\n" + ours);
}

TEST(HbaWrite, ALineIsAddedBeforeTheFirstPhysicalLineOfARule) {
    const std::string content = "# a\nhost \\\n all all all trust\n# b\n";
    const hba::Edit edit = hba::insert(content, pg15, entry(), 2);
    EXPECT_EQ(edit.content, "# a\n" + ours + "host \\\n all all all trust\n# b\n");
    EXPECT_EQ(edit.line_number, 2);
    EXPECT_THROW(hba::insert(content, pg15, entry(), 3), core::Error);
}

TEST(HbaWrite, OnlyOurOwnLineIsTakenOut) {
    const auto from = entry().from;
    const std::string other = "host replication \"rep\" 10.0.0.5/32 scram-sha-256\n";
    EXPECT_EQ(hba::remove(other + ours + "# z", pg15, "rep", from).value().content, other + "# z");
    EXPECT_EQ(hba::remove(other + ours, pg15, "rep", from).value().line_number, 2);
    EXPECT_EQ(hba::remove(other + ours, pg15, "rep", from).value().rule, other.substr(0, other.size() - 1));
    EXPECT_FALSE(hba::remove(other, pg15, "rep", from));
    EXPECT_FALSE(hba::remove(ours, pg15, "Rep", from));
    EXPECT_FALSE(hba::remove(ours, pg15, "rep", std::nullopt));
    const hba::Network wider{from->address, hba::mask_of(24, false)};
    EXPECT_FALSE(hba::remove(ours, pg15, "rep", wider));
    EXPECT_FALSE(hba::remove("# " + ours, pg15, "rep", from));
    EXPECT_FALSE(
        hba::remove("host replication rep 10.0.0.5/32 md5 # added by pg_replica\n", pg15, "rep", from));
    EXPECT_FALSE(hba::remove("host replication,all \"rep\" 10.0.0.5/32 md5 # added by pg_replica\n", pg15,
                             "rep", from));
}

TEST(HbaWrite, InsertAndRemoveAreInverse) {
    for (const std::string content : {"", "# x\n", "local all all trust\n# y\n"})
        EXPECT_EQ(hba::remove(hba::insert(content, pg15, entry(), 0).content, pg15, "rep", entry().from)
                      .value()
                      .content,
                  content);
    const hba::Entry local{"local", "rep", std::nullopt, "peer"};
    EXPECT_EQ(hba::remove(hba::insert("", pg15, local, 0).content, pg15, "rep", std::nullopt).value().content,
              "");
}

TEST(HbaWrite, PrintableTextHasNoTerminalSequencesAndNoBrokenBytes) {
    EXPECT_EQ(hba::printable("a\x1b[0m\n\x7f"), "a\\x1B[0m\\x0A\\x7F");
    EXPECT_EQ(hba::printable("k\xc3\xa4se \xe2\x9c\x93 \xf0\x9f\x90\x98"),
              "k\xc3\xa4se \xe2\x9c\x93 \xf0\x9f\x90\x98");
    EXPECT_EQ(hba::printable("\xc3"), "\\xC3");
    EXPECT_EQ(hba::printable("\xc0\x80"), "\\xC0\\x80");
    EXPECT_EQ(hba::printable("\xed\xa0\x80"), "\\xED\\xA0\\x80");
    EXPECT_EQ(hba::printable("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");
}
