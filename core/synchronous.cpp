#include "core/synchronous.hpp"

#include <algorithm>
#include <charconv>

#include "core/name.hpp"

namespace synchronous {

namespace {

enum class Kind { end, name, quoted_name, number, punctuation, bad };

struct Token {
    Kind kind = Kind::end;
    std::string text;
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_character(char c) { return is_name_start(c) || is_digit(c) || c == '$'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Scanner {
   public:
    explicit Scanner(std::string_view text) : text_(text) {}

    Token next() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        if (at_ == text_.size()) return {};
        const char c = text_[at_];
        if (c == '"') return quoted();
        if (is_name_start(c)) return {Kind::name, run(is_name_character)};
        if (is_digit(c)) return {Kind::number, run(is_digit)};
        ++at_;
        if (c == '*') return {Kind::name, "*"};
        return {c == ',' || c == '(' || c == ')' ? Kind::punctuation : Kind::bad, std::string(1, c)};
    }

   private:
    std::string run(bool (*belongs)(char)) {
        const std::size_t start = at_;
        while (at_ < text_.size() && belongs(text_[at_])) ++at_;
        return std::string(text_.substr(start, at_ - start));
    }

    Token quoted() {
        std::string name;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"' && (at_ + 1 == text_.size() || text_[at_ + 1] != '"')) {
                ++at_;
                return {name.empty() ? Kind::bad : Kind::quoted_name, name};
            }
            if (text_[at_] == '"') ++at_;
            name += text_[at_];
        }
        return {Kind::bad, name};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

std::vector<Token> scan(std::string_view text) {
    std::vector<Token> tokens;
    Scanner scanner(text);
    for (Token token = scanner.next(); token.kind != Kind::end; token = scanner.next()) tokens.push_back(token);
    return tokens;
}

using Tokens = std::vector<Token>;

bool is_mark(const Tokens& tokens, std::size_t at, std::string_view mark) {
    return at < tokens.size() && tokens[at].kind == Kind::punctuation && tokens[at].text == mark;
}

bool is_keyword(const Tokens& tokens, std::size_t at, std::string_view keyword) {
    return at < tokens.size() && tokens[at].kind == Kind::name && same_name(tokens[at].text, keyword);
}

bool is_list_item(const Token& token) {
    return token.kind == Kind::name || token.kind == Kind::quoted_name || token.kind == Kind::number;
}

// tokens[from, to): names with a comma between each two of them.
bool read_list(const Tokens& tokens, std::size_t from, std::size_t to, Names& result) {
    if (from >= to || (to - from) % 2 == 0) return false;
    for (std::size_t at = from; at < to; ++at) {
        const bool separator = (at - from) % 2 == 1;
        if (separator ? !is_mark(tokens, at, ",") : !is_list_item(tokens[at])) return false;
        if (!separator) result.names.push_back(tokens[at].text);
    }
    return true;
}

bool read_number(const Tokens& tokens, std::size_t at, int& number) {
    if (at >= tokens.size() || tokens[at].kind != Kind::number) return false;
    const std::string& digits = tokens[at].text;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return failure == std::errc{} && end == digits.data() + digits.size() && number > 0;
}

}  // namespace

bool same_name(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<Names> parse(std::string_view setting) {
    const Tokens tokens = scan(setting);
    Names result;
    if (tokens.empty()) return result;
    const bool counted = is_mark(tokens, tokens.size() - 1, ")");
    const bool keyword = counted && (is_keyword(tokens, 0, "any") || is_keyword(tokens, 0, "first"));
    const std::size_t number = keyword ? 1 : 0;
    result.quorum = keyword && is_keyword(tokens, 0, "any");
    result.required = 1;
    if (!counted) return read_list(tokens, 0, tokens.size(), result) ? std::optional(result) : std::nullopt;
    const bool legal = read_number(tokens, number, result.required) && is_mark(tokens, number + 1, "(") &&
                       read_list(tokens, number + 2, tokens.size() - 1, result);
    return legal ? std::optional(result) : std::nullopt;
}

bool lists(const Names& names, std::string_view application_name) {
    return std::any_of(names.names.begin(), names.names.end(), [application_name](const std::string& name) {
        return name == "*" || same_name(name, application_name);
    });
}

std::string text(const Names& names) {
    if (names.required == 0) return {};
    std::string list;
    for (const std::string& name : names.names)
        list += (list.empty() ? "" : ", ") + (name == "*" ? name : name::quote_identifier(name));
    return std::string(names.quorum ? "ANY " : "FIRST ") + std::to_string(names.required) + " (" + list + ")";
}

}  // namespace synchronous
