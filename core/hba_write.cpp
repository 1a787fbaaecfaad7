#include "core/hba_write.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/hba_rule.hpp"
#include "core/name.hpp"

namespace hba {

namespace {

// A line of ours names no files.
class NoFiles : public Files {
    Content read(const std::string& path) override { return {{}, path, true}; }
    std::vector<std::string> configuration_files(const std::string& path, std::string& error) override {
        error = path;
        return {};
    }
};

int count_lines(std::string_view content) {
    return static_cast<int>(std::count(content.begin(), content.end(), '\n'));
}

// Makes sure that what is appended starts a line of its own.
void close_last_line(std::string& content, const Dialect& dialect) {
    const bool open = !content.empty() && split_lines(content, dialect).back().open;
    if (!content.empty() && content.back() != '\n') content += '\n';
    if (open) content += '\n';
}

std::size_t offset_of(std::string_view content, const Dialect& dialect, int line_number) {
    for (const RawLine& line : split_lines(content, dialect))
        if (line.number == line_number) return line.begin;
    throw core::Error(core::sqlstate::internal_error,
                      fmt::format("no line starts at line {} of pg_hba.conf", line_number));
}

bool names_only(const Field& field, const Token& token) {
    return field.size() == 1 && field.front() == token;
}

// The rule of a line of ours, whatever role it is for.
std::optional<Rule> own_rule(const RawLine& line, const Dialect& dialect) {
    if (comment_of(line.text) != mark) return std::nullopt;
    NoFiles none;
    const auto rules = parse(tokenize("", line.text, dialect, none));
    if (rules.size() != 1 || !rules.front().error.empty()) return std::nullopt;
    return rules.front();
}

bool admits(const Rule& rule, const std::string& role, const std::optional<Network>& from) {
    if (!names_only(rule.users, {role, true}) || !names_only(rule.databases, {"replication", false}))
        return false;
    if (rule.type == "local" || !from) return rule.type == "local" && !from;
    return rule.where == Where::network && rule.network == *from;
}

std::string without_comment(const std::string& line) {
    std::string rule = line.substr(0, line.size() - comment_of(line).size());
    while (!rule.empty() && rule.back() == ' ') rule.pop_back();
    return rule;
}

// Bytes of the UTF-8 sequence at the start of text, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : (lead & 0xF0) == 0xE0       ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || length > text.size()) return 0;
    const auto is_continuation = [](unsigned char c) { return (c & 0xC0) == 0x80; };
    if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), is_continuation))
        return 0;
    const auto second = length > 1 ? static_cast<unsigned char>(text[1]) : 0x80;
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    return overlong || beyond ? 0 : length;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace

std::string quote_token(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += c;
        quoted += c;
    }
    return quoted + '"';
}

std::string rule_text(const Entry& entry, const Dialect& dialect) {
    name::check_plain("role", entry.role);
    if (dialect.includes && entry.role.front() == '/')
        throw core::Error(core::sqlstate::invalid_name,
                          fmt::format("role name \"{}\" cannot be written in pg_hba.conf", entry.role),
                          "There a name that begins with a slash is a regular expression, in quotes as well.",
                          "Use a role whose name does not begin with a slash.");
    const std::string address = entry.from ? ' ' + print(*entry.from) : std::string();
    return fmt::format("{} replication {}{} {}", entry.type, quote_token(entry.role), address, entry.method);
}

Edit insert(std::string_view content, const Dialect& dialect, const Entry& entry, int before) {
    Edit edit{std::string(content), 0, rule_text(entry, dialect)};
    if (before == 0) close_last_line(edit.content, dialect);
    const std::size_t offset = before == 0 ? edit.content.size() : offset_of(content, dialect, before);
    edit.line_number = count_lines(std::string_view(edit.content).substr(0, offset)) + 1;
    edit.content.insert(offset, fmt::format("{} {}\n", edit.rule, mark));
    return edit;
}

std::optional<Edit> remove(std::string_view content, const Dialect& dialect, const std::string& role,
                           const std::optional<Network>& from) {
    for (const RawLine& line : split_lines(content, dialect)) {
        const auto rule = own_rule(line, dialect);
        if (!rule || !admits(*rule, role, from)) continue;
        Edit edit{std::string(content), line.number, without_comment(line.text)};
        edit.content.erase(line.begin, line.end - line.begin);
        return edit;
    }
    return std::nullopt;
}

std::string printable(std::string_view text) {
    const bool utf8 = is_utf8(text);
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F || (byte >= 0x80 && !utf8))
            result += fmt::format("\\x{:02X}", byte);
        else
            result += c;
    }
    return result;
}

}  // namespace hba
