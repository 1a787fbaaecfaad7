#include "core/timeline.hpp"

#include <algorithm>
#include <charconv>

#include "core/lsn.hpp"

namespace timeline {

namespace {

constexpr std::string_view blanks = " \t\r";

// The first word of line, which it loses.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

std::optional<Entry> entry(std::string_view number, std::string_view position) {
    Entry found;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), found.number);
    const auto end = lsn::parse(position);
    if (error != std::errc() || stop != number.data() + number.size() || !end) return {};
    found.end = *end;
    return found;
}

}  // namespace

std::optional<std::vector<Entry>> path(std::string_view history, unsigned last) {
    std::vector<Entry> entries;
    while (!history.empty()) {
        std::string_view line = take_line(history);
        const std::string_view number = take_word(line), position = take_word(line);
        if (number.empty() || number.front() == '#') continue;
        const auto found = entry(number, position);
        if (!found || found->number >= last) return {};
        if (!entries.empty() && found->number <= entries.back().number) return {};
        entries.push_back(*found);
    }
    entries.push_back({last, not_left});
    return entries;
}

std::optional<Entry> fork(const std::vector<Entry>& one, const std::vector<Entry>& other) {
    std::optional<Entry> common;
    for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
        if (one[i].number != other[i].number) break;
        common = {one[i].number, std::min(one[i].end, other[i].end)};
        if (one[i].end != other[i].end) break;
    }
    return common;
}

}  // namespace timeline
