// SCRAM verifiers as PostgreSQL stores them (catalog-pg-authid): SCRAM-SHA-256$iterations:salt$stored_key:server_key.
#pragma once

#include <optional>
#include <string_view>

namespace scram {

// More make each login, and each look whether a password fits, take seconds that no cancel request ends.
inline constexpr long most_iterations = 1000000;

bool looks_like_verifier(std::string_view text);

// The iterations of a well-formed verifier with at least one; nothing for any other text. More than a long can hold count
// as its largest.
std::optional<long> iterations(std::string_view verifier);

// True for a well-formed verifier that is reckoned with in reasonable time.
bool is_bounded(std::string_view verifier);

}  // namespace scram
