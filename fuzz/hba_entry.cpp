// A role's line of pg_hba.conf, written and read back. Input: a byte for the major version, then the role.
#include "core/error.hpp"
#include "core/hba_match.hpp"
#include "core/hba_write.hpp"
#include "core/name.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

class NoFiles : public hba::Files {
    Content read(const std::string&) override { std::abort(); }
    std::vector<std::string> configuration_files(const std::string&, std::string&) override { std::abort(); }
};

bool is_refused(const hba::Entry& entry, const hba::Dialect& dialect) {
    try {
        hba::rule_text(entry, dialect);
        return false;
    } catch (const core::Error& error) {
        holds(error.sqlstate == core::sqlstate::invalid_name, "a refusal of a name is 42602");
        return true;
    }
}

void check_read_back(const hba::Entry& entry, const hba::Dialect& dialect) {
    NoFiles none;
    const std::string text = hba::rule_text(entry, dialect) + ' ' + std::string(hba::mark) + '\n';
    const auto rules = hba::parse(hba::tokenize("x", text, dialect, none));
    holds(rules.size() == 1 && rules[0].error.empty(), "a line that is written is one sound rule");
    holds(rules[0].users == hba::Field{{entry.role, true}}, "the role is read back, in quotes");
    holds(rules[0].network == *entry.from && rules[0].method == entry.method, "and so is the rest");
    hba::Request other;
    other.role = entry.role + "x";
    other.groups = {other.role, entry.role, entry.role.substr(1)};
    other.from = *entry.from;
    const hba::Surroundings around{{}, [](const std::string&, const std::string&) { return true; }, dialect.includes};
    holds(hba::decide(rules, other, around).decision == hba::Decision::no_match, "it admits nobody else");
    other.role = entry.role;
    holds(hba::decide(rules, other, around).decision == hba::Decision::accept, "it admits the role");
}

// Printable for people and terminals, whatever it was.
void check_printable(const std::string& text) {
    const std::string shown = hba::printable(text);
    for (const char c : shown)
        holds(static_cast<unsigned char>(c) >= 0x20 || c == '\t', "control characters are not shown");
    holds(hba::printable(shown) == shown, "what is printable stays what it is");
}

}  // namespace

void hba_entry(std::string_view bytes) {
    Input input(bytes);
    const hba::Dialect dialect = hba::Dialect::of(input.byte() % 2 == 0 ? 150000 : 180000);
    const std::string role = input.part();
    check_printable(role);
    const hba::Entry entry{"host", role, hba::Network{hba::parse_address("10.0.0.5").value(), hba::mask_of(32, false)},
                           "scram-sha-256"};
    if (!is_refused(entry, dialect)) check_read_back(entry, dialect);
}

}  // namespace fuzz
