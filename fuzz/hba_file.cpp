// pg_hba.conf, read, evaluated and edited. Input: a byte for the major version, one for the request, then the file and two
// files that it can include, separated by 0x1E.
#include <algorithm>
#include <array>

#include "core/hba_match.hpp"
#include "core/hba_write.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

class TwoFiles : public hba::Files {
 public:
    TwoFiles(std::string one, std::string two) : contents_{std::move(one), std::move(two)} {}

    Content read(const std::string& path) override {
        // a file may include itself ten times over, ten levels deep; the server would follow
        if (++reads_ > 200) return {{}, "too many", false};
        if (path == "/c/a.conf") return {contents_[0], {}, false};
        if (path == "/c/b.conf") return {contents_[1], {}, false};
        return {{}, "missing", true};
    }
    std::vector<std::string> configuration_files(const std::string& path, std::string& error) override {
        if (path == "/c/d") return {"/c/a.conf", "/c/b.conf"};
        error = "missing";
        return {};
    }

 private:
    std::array<std::string, 2> contents_;
    int reads_ = 0;
};

hba::Network network(const char* address, int bits) {
    const hba::Address parsed = hba::parse_address(address).value();
    return {parsed, hba::mask_of(bits, parsed.v6)};
}

hba::Request request_of(unsigned choice) {
    static const std::array<hba::Network, 4> froms = {network("10.0.0.5", 32), network("10.0.0.0", 24),
                                                      network("fd00::5", 128), network("127.0.0.1", 32)};
    static const std::array<hba::Channel, 4> channels = {hba::Channel::plain, hba::Channel::tls, hba::Channel::gss,
                                                         hba::Channel::local};
    hba::Request request;
    request.role = (choice & 1) != 0 ? "rep" : "all";
    request.groups = {request.role, "grp"};
    request.from = froms[(choice >> 1) & 3];
    request.channel = channels[(choice >> 3) & 3];
    if ((choice & 32) != 0) request.database = "rep";
    return request;
}

hba::Surroundings surroundings(const hba::Dialect& dialect) {
    const auto contains = [](const std::string& text, const std::string& pattern) {
        return text.find(pattern) != std::string::npos;
    };
    return {{network("10.0.0.1", 24), network("::1", 128)}, contains, dialect.includes};
}

// The physical lines of the logical ones are the file, without gap or overlap.
void check_lines(std::string_view content, const hba::Dialect& dialect) {
    std::size_t at = 0;
    int number = 1;
    for (const hba::RawLine& line : hba::split_lines(content, dialect)) {
        holds(line.begin == at && line.end > at, "lines follow each other");
        holds(line.number == number, "line numbers count line ends");
        const std::string_view bytes = content.substr(line.begin, line.end - line.begin);
        number += static_cast<int>(std::count(bytes.begin(), bytes.end(), '\n'));
        at = line.end;
    }
    holds(at == content.size(), "lines cover the file");
}

void check_verdict(const std::vector<hba::Rule>& rules, const hba::Request& request,
                   const hba::Surroundings& around) {
    const hba::Verdict verdict = hba::decide(rules, request, around);
    holds((verdict.rule == nullptr) == (verdict.decision == hba::Decision::no_match), "a rule decides, or none");
    holds(verdict.explanation.size() <= rules.size() + 1, "a sentence for each line");
}

struct File {
    std::string content;
    hba::Dialect dialect;
    std::string one;
    std::string two;

    std::vector<hba::Rule> rules(const std::string& text) const {
        TwoFiles files(one, two);
        return hba::parse(hba::tokenize("/c/pg_hba.conf", text, dialect, files));
    }
};

// A line that is put where it is said to belong admits who is meant, and can be taken out without a trace.
void check_edit(const File& file, const std::vector<hba::Rule>& rules, hba::Request request) {
    const hba::Surroundings around = surroundings(file.dialect);
    const hba::Channels channels = hba::channels_of("host").value();
    request.database.reset();
    const hba::Entry entry{"host", request.role, request.from, "scram-sha-256"};
    const hba::Admission found = hba::admission(rules, request, channels, around);
    holds(found.admitted == (found.decided_by != nullptr), "an admission names its rule");
    const bool there = hba::remove(file.content, file.dialect, entry.role, entry.from).has_value();
    if (found.admitted || there) return;
    const int before = found.before == nullptr ? 0 : found.before->line.top_number;
    const hba::Edit edit = hba::insert(file.content, file.dialect, entry, before);
    const auto changed = file.rules(edit.content);
    holds(hba::first_error(changed) == nullptr, "a new line breaks nothing");
    holds(changed.size() == rules.size() + 1, "a new line is one rule");
    holds(hba::admission(changed, request, channels, around).admitted, "a new line admits");
    const auto removed = hba::remove(edit.content, file.dialect, entry.role, entry.from);
    holds(removed.has_value(), "a new line is found again");
    holds(removed->line_number == edit.line_number, "where it was put");
    const bool same = before == 0 ? removed->content.starts_with(file.content) : removed->content == file.content;
    holds(same, "without it the file is what it was");
}

}  // namespace

void hba_file(std::string_view bytes) {
    static constexpr std::array<int, 6> versions = {130000, 140000, 150000, 160000, 170000, 180000};
    Input input(bytes);
    const hba::Dialect dialect = hba::Dialect::of(versions[input.byte() % versions.size()]);
    const hba::Request request = request_of(input.byte());
    const File file{input.part(), dialect, input.part(), input.part()};
    check_lines(file.content, dialect);
    const auto rules = file.rules(file.content);
    for (const hba::Rule& rule : rules)
        holds(!rule.error.empty() || hba::channels_of(rule.type).has_value(), "a rule has a type or an error");
    hba::remove(file.content, dialect, request.role, request.from);
    if (hba::first_error(rules) != nullptr) return;
    check_verdict(rules, request, surroundings(dialect));
    check_edit(file, rules, request);
}

}  // namespace fuzz
