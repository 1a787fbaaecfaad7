#include "core/scram.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace scram {

namespace {

constexpr std::string_view prefix = "SCRAM-SHA-256$";
constexpr std::size_t key_length = 44;  // 32 bytes as base64

bool is_base64(std::string_view text) {
    const auto end = std::min(text.find('='), text.size());
    const auto is_digit = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    return end > 0 && text.size() % 4 == 0 && text.size() - end <= 2 &&
           std::all_of(text.begin(), text.begin() + end, is_digit) &&
           std::all_of(text.begin() + end, text.end(), [](char c) { return c == '='; });
}

bool is_key(std::string_view text) { return text.size() == key_length && is_base64(text); }

// Takes what stands before the first end out of text.
std::optional<std::string_view> take(std::string_view& text, char end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at + 1);
    return part;
}

std::optional<long> positive(std::string_view digits) {
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    long number = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc())
        return std::numeric_limits<long>::max();
    return number > 0 ? std::optional<long>(number) : std::nullopt;
}

}  // namespace

bool looks_like_verifier(std::string_view text) { return text.substr(0, prefix.size()) == prefix; }

std::optional<long> iterations(std::string_view verifier) {
    if (!looks_like_verifier(verifier)) return std::nullopt;
    verifier.remove_prefix(prefix.size());
    const auto count = take(verifier, ':');
    const auto salt = take(verifier, '$');
    const auto stored_key = take(verifier, ':');
    if (!count || !salt || !stored_key || !is_base64(*salt) || !is_key(*stored_key) || !is_key(verifier)) return std::nullopt;
    return positive(*count);
}

bool is_bounded(std::string_view verifier) { return iterations(verifier).value_or(most_iterations + 1) <= most_iterations; }

}  // namespace scram
