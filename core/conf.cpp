#include "core/conf.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/name.hpp"

namespace conf {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

std::string_view skip_blanks(std::string_view text) {
    const auto start = text.find_first_not_of(blanks);
    return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

// The text between single quotes; '' and \' both stand for one quote, as guc-file.l reads them.
std::string unquote(std::string_view text) {
    std::string result;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const char c = text[i];
        const bool pair = i + 1 < text.size();
        if (c == '\'' && !(pair && text[i + 1] == '\'')) break;
        if ((c == '\'' || c == '\\') && pair) ++i;
        result += text[i];
    }
    return result;
}

std::string value_of(std::string_view text) {
    text = skip_blanks(text);
    if (!text.empty() && text.front() == '=') text = skip_blanks(text.substr(1));
    if (!text.empty() && text.front() == '\'') return unquote(text);
    return std::string(text.substr(0, text.find_first_of(" \t\r\f\v#")));
}

Line parse_line(std::string_view text) {
    const std::string_view content = skip_blanks(text);
    std::size_t length = 0;
    while (length < content.size() && is_name_character(content[length])) ++length;
    const std::string name = lower(content.substr(0, length));
    if (name.empty() || name.rfind("include", 0) == 0) return {"", "", std::string(text)};
    return {name, value_of(content.substr(length)), std::string(text)};
}

}  // namespace

std::string quote(std::string_view value) {
    if (name::has_control_character(value))
        throw core::Error(core::sqlstate::invalid_parameter_value, "configuration value contains a control character",
                          "A line break would end the setting and start another one.",
                          "Choose names, paths and passwords without control characters.");
    std::string result = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') result += c;
        result += c;
    }
    return result + '\'';
}

std::string line(const Setting& setting) { return fmt::format("{} = {}\n", setting.name, quote(setting.value)); }

std::vector<Line> parse(std::string_view file) {
    std::vector<Line> lines;
    while (!file.empty()) {
        const auto end = std::min(file.find('\n'), file.size());
        lines.push_back(parse_line(file.substr(0, end)));
        file.remove_prefix(std::min(end + 1, file.size()));
    }
    return lines;
}

namespace {

bool sets_any(const Line& line, const std::vector<std::string>& names) {
    return !line.name.empty() && std::find(names.begin(), names.end(), line.name) != names.end();
}

}  // namespace

std::string without(std::string_view file, const std::vector<std::string>& names) {
    std::string result;
    for (const Line& line : parse(file))
        if (!sets_any(line, names)) result += line.text + '\n';
    return result;
}

std::string with_lines_of(std::string_view before, std::string_view current, const std::vector<std::string>& names) {
    std::string result = without(current, names);
    if (result == without(before, names)) return std::string(before);
    for (const Line& line : parse(before))
        if (sets_any(line, names)) result += line.text + '\n';
    return result;
}

}  // namespace conf
