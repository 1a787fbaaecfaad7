#include "tool/render/paint.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace render {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> colours = {
    {{"ok", "\x1b[32m"}, {"warning", "\x1b[33m"}, {"critical", "\x1b[1;31m"}, {"unknown", "\x1b[35m"}}};
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view label = "health";

// Where the word of health would begin.
std::size_t word_start(std::string_view line) {
    if (line.substr(0, label.size()) != label) return 0;
    return line.find_first_not_of(' ', label.size());
}

bool ends_word(std::string_view line, std::size_t at) { return at >= line.size() || line[at] == ' ' || line[at] == ':'; }

// The line with the word of health at start, if there is one, in its colour.
std::string painted_at(std::string_view line, std::size_t start) {
    for (const auto& [word, colour] : colours) {
        if (line.substr(start, word.size()) != word || !ends_word(line, start + word.size())) continue;
        std::string result(line.substr(0, start));
        return result.append(colour).append(word).append(plain).append(line.substr(start + word.size()));
    }
    return std::string(line);
}

// "  standby 10.0.0.2:5432 (s1): ok", a line of the tree: one blank behind its first word, two or more behind a label.
bool is_branch(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    return (word == "primary" || word == "standby" || word == "server") && line.substr(blank, 2) != "  ";
}

std::string painted_line(std::string_view line) {
    const std::size_t colon = is_branch(line) ? line.rfind(": ") : std::string_view::npos;
    const std::size_t start = colon == std::string_view::npos ? word_start(line) : colon + 2;
    return start == std::string_view::npos ? std::string(line) : painted_at(line, start);
}

}  // namespace

std::string painted(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        result += painted_line(text.substr(0, end));
        if (end == std::string_view::npos) break;
        result += '\n';
        text.remove_prefix(end + 1);
    }
    return result;
}

}  // namespace render
