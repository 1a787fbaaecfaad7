// Names, quoted for SQL and the shell and read back, and made into slot names. Input: the name.
#include "core/error.hpp"
#include "core/name.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

// What stands between two quotes, doubled ones read as one; with escapes also doubled backslashes.
std::string unquoted(std::string_view text, char quote, bool escapes) {
    holds(text.size() >= 2 && text.front() == quote && text.back() == quote, "quotes stand around");
    std::string result;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        const bool special = text[i] == quote || (escapes && text[i] == '\\');
        if (special) holds(i + 2 < text.size() && text[i + 1] == text[i], "what would end a literal is doubled");
        if (special) ++i;
        result += text[i];
    }
    return result;
}

void check_literal(const std::string& text) {
    const std::string quoted = name::quote_literal(text);
    const bool escapes = quoted.starts_with(" E");
    holds(unquoted(std::string_view(quoted).substr(escapes ? 2 : 0), '\'', escapes) == text, "a literal is read back");
    holds(escapes || text.find('\\') == std::string::npos, "a backslash stands in an escape string only");
}

// One word as sh reads it: plain characters, and parts in single quotes.
std::string as_shell_reads(std::string_view text) {
    std::string word;
    bool inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\'') {
            inside = !inside;
        } else if (!inside && text[i] == '\\') {
            holds(++i < text.size(), "a backslash has something to protect");
            word += text[i];
        } else {
            const bool plain = std::string_view(" \t\n;&|<>()$`\"*?[]#~!{}").find(text[i]) == std::string_view::npos;
            holds(inside || plain, "nothing special stands outside of quotes");
            word += text[i];
        }
    }
    holds(!inside, "quotes are closed");
    return word;
}

void check_slot_name(const std::string& text) {
    const std::string slot = name::slot_from(text);
    holds(slot.empty() == text.empty(), "every standby has a slot name");
    if (!slot.empty()) name::check_slot(slot);
    try {
        name::check_slot(text);
        holds(slot == text, "a legal name stays what it is");
    } catch (const core::Error& error) {
        holds(error.sqlstate == core::sqlstate::invalid_name, "an illegal name is 42602");
    }
}

}  // namespace

void name_quote(std::string_view bytes) {
    const std::string text(bytes);
    holds(unquoted(name::quote_identifier(text), '"', false) == text, "an identifier is read back");
    check_literal(text);
    holds(as_shell_reads(name::quote_shell(text)) == text && !name::quote_shell(text).empty(), "a word is read back");
    check_slot_name(text);
}

}  // namespace fuzz
