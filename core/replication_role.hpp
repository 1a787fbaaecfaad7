// What it means that a role can replicate: what it opens, and what keeps it from logging in as it is.
#pragma once

#include <optional>
#include <string>

#include "core/check.hpp"

namespace checks {

// Sentences. password: "none", "md5" or "scram-sha-256"; nothing when the caller may not see it.
std::string meaning(const Role& role, const std::optional<std::string>& password);

}  // namespace checks
