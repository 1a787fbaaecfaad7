#include "tool/render/paint.hpp"

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

std::string painted_line(std::string_view line) {
    const std::size_t start = word_start(line);
    if (start == std::string_view::npos) return std::string(line);
    for (const auto& [word, colour] : colours) {
        if (line.substr(start, word.size()) != word || !ends_word(line, start + word.size())) continue;
        std::string result(line.substr(0, start));
        return result.append(colour).append(word).append(plain).append(line.substr(start + word.size()));
    }
    return std::string(line);
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
