#include "core/name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"

namespace name {

namespace {

bool is_slot_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

std::string lower_ascii(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

// The code point that starts at text[at]; at moves behind it. A byte that starts no valid UTF-8 sequence stands for itself.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (following == 0 || at + following > text.size()) return lead;
    char32_t point = lead & (0x3F >> following);
    for (int i = 0; i < following; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if ((byte & 0xC0) != 0x80) return lead;
        point = (point << 6) | (byte & 0x3F);
    }
    at += following;
    return point;
}

std::string doubled(std::string_view text, char quote) {
    std::string result;
    for (const char c : text) {
        if (c == quote) result += quote;
        result += c;
    }
    return result;
}

}  // namespace

std::string_view clipped(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return text;
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (longest == 0 || is_ascii(text[longest]) || is_ascii(text[longest - 1])) return text.substr(0, longest);
    std::size_t start = longest;  // of the characters that are not ASCII around the cut
    while (start > 0 && !is_ascii(text[start - 1])) --start;
    std::size_t end = start;
    for (std::size_t at = start; at <= longest && at < text.size();) {
        end = at;
        const auto lead = static_cast<unsigned char>(text[at]);
        if (next_code_point(text, at) == lead) return text.substr(0, start);  // not UTF-8: where it began
    }
    return text.substr(0, end);
}

std::string shown(std::string_view text) {
    static constexpr std::size_t longest = 100;
    if (text.size() <= longest) return std::string(text);
    return fmt::format("{}... ({} bytes)", clipped(text, longest), text.size());
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

void check_plain(std::string_view kind, std::string_view text) {
    if (text.empty())
        throw core::Error(core::sqlstate::invalid_name, fmt::format("{} name is empty", kind), {},
                          fmt::format("Give the {} a name of 1 to {} bytes.", kind, max_length));
    if (has_control_character(text))
        throw core::Error(core::sqlstate::invalid_name, fmt::format("{} name contains a control character", kind),
                          "Line breaks, tabs and other control characters cannot stand in the files that hold this name.",
                          fmt::format("Choose a {} name without control characters.", kind));
    if (text.size() > max_length)
        throw core::Error(core::sqlstate::invalid_name, fmt::format("{} name \"{}\" is too long", kind, shown(text)),
                          fmt::format("It has {} bytes; PostgreSQL keeps {} and would cut the rest silently.",
                                      text.size(), max_length),
                          fmt::format("Choose a {} name of at most {} bytes.", kind, max_length));
}

void check_role(std::string_view text) {
    check_plain("role", text);
    static constexpr std::array<std::string_view, 5> reserved = {"public", "none", "current_role", "current_user",
                                                                 "session_user"};
    const bool is_reserved = std::find(reserved.begin(), reserved.end(), text) != reserved.end();
    if (is_reserved || text.substr(0, 3) == "pg_")
        throw core::Error(core::sqlstate::reserved_name, fmt::format("role name \"{}\" is reserved", text),
                          "PostgreSQL reserves \"public\", \"none\", \"current_role\", \"current_user\", "
                          "\"session_user\" and all names that start with \"pg_\".",
                          "Choose another role name, for example \"replicator\".");
}

void check_slot(std::string_view text) {
    const bool legal = !text.empty() && text.size() <= max_length &&
                       std::all_of(text.begin(), text.end(), is_slot_character);
    if (legal) return;
    throw core::Error(core::sqlstate::invalid_name, fmt::format("replication slot name \"{}\" is not legal", shown(text)),
                      fmt::format("A slot name has 1 to {} characters: lower-case letters, digits and underscores.",
                                  max_length),
                      text.empty() ? std::string("Name the slot after the standby, for example \"standby1\".")
                                   : fmt::format("Use the name \"{}\".", slot_from(text)));
}

std::string slot_from(std::string_view standby) {
    const std::string lowered = lower_ascii(standby);
    std::string slot;
    for (std::size_t at = 0; at < lowered.size();) {
        const char c = lowered[at];
        if (is_slot_character(c)) {
            slot += c;
            ++at;
        } else if (c == '-' || c == '.') {
            slot += '_';
            ++at;
        } else {
            slot += fmt::format("u{:04d}", static_cast<unsigned>(next_code_point(lowered, at)));
        }
    }
    return slot.substr(0, max_length);
}

std::string quote_identifier(std::string_view text) { return '"' + doubled(text, '"') + '"'; }

std::string quote_literal(std::string_view text) {
    const bool escape = text.find('\\') != std::string_view::npos;
    const std::string quoted = '\'' + doubled(text, '\'') + '\'';
    return escape ? " E" + doubled(quoted, '\\') : quoted;
}

std::string quote_shell(std::string_view text) {
    const auto is_plain = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-./:@%+=,").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    quoted += '\'';
    return quoted;
}

}  // namespace name
