#include "tool/render/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace render {

namespace {

struct Character {
    char32_t code = 0;
    std::size_t length = 1;
    bool valid = false;
};

std::size_t length_by_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 0;
}

bool is_legal(char32_t code, std::size_t length) {
    static constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    return code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

// The first character of text, which is not empty.
Character first(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = length_by_lead(lead);
    if (length == 1) return {lead, 1, true};
    if (length == 0 || length > text.size()) return {lead, 1, false};
    char32_t code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80) return {lead, 1, false};
        code = (code << 6) | (byte & 0x3FU);
    }
    if (!is_legal(code, length)) return {lead, 1, false};
    return {code, length, true};
}

using Range = std::pair<char32_t, char32_t>;

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [code](const Range& range) { return code >= range.first && code <= range.second; });
}

// C0, DEL, C1, line and paragraph separators, and the marks that change the reading direction.
constexpr std::array<Range, 6> dangerous = {
    {{0x00, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0x61C, 0x61C}}};

constexpr std::array<Range, 5> combining = {
    {{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};

// Unicode's East Asian Width W and F (UAX 11), the blocks that matter.
constexpr std::array<Range, 10> wide = {{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};

std::string escape_of(const Character& character) {
    const auto code = static_cast<std::uint32_t>(character.code);
    return code <= 0xFF ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

void wrap_line(std::vector<std::string>& lines, std::string_view line, std::size_t width) {
    std::string current;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string word = escaped(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
        if (width > 0 && !current.empty() && columns(current) + 1 + columns(word) > width) {
            lines.push_back(std::move(current));
            current = word;
        } else {
            current += (current.empty() ? "" : " ") + word;
        }
    }
    lines.push_back(std::move(current));
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const Character character = first(text);
        if (character.valid && !in(dangerous, character.code))
            result += text.substr(0, character.length);
        else
            result += escape_of(character);
        text.remove_prefix(character.length);
    }
    return result;
}

std::size_t columns(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        const Character character = first(text);
        if (!in(combining, character.code)) count += in(wide, character.code) ? 2 : 1;
        text.remove_prefix(character.length);
    }
    return count;
}

std::string one_line(std::string_view text, std::size_t width) {
    constexpr std::string_view blanks = " \t\r\n\v\f", dots = "...";
    std::string flat;
    for (const char c : text) {
        const bool blank = blanks.find(c) != std::string_view::npos;
        if (!blank || (!flat.empty() && flat.back() != ' ')) flat += blank ? ' ' : c;
    }
    flat.erase(flat.find_last_not_of(' ') + 1);
    const std::string line = escaped(flat);
    if (columns(line) <= width) return line;
    const std::string_view whole = line;
    std::size_t end = 0;
    for (std::size_t next = first(whole).length; columns(whole.substr(0, next)) + dots.size() <= width; next += first(whole.substr(next)).length)
        end = next;
    return std::string(whole.substr(0, end)).append(dots);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    for (;;) {
        const std::size_t end = text.find('\n');
        wrap_line(lines, text.substr(0, end), width);
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

}  // namespace render
