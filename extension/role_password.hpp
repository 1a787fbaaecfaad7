// The password that a replication role is to get, checked.
#pragma once

#include <string>

namespace roles {

// Throws core::Error (22023) for what nobody could log in with, or what would keep a server process busy at each login: empty
// passwords, control characters, MD5 hashes, malformed verifiers and ones with more iterations than scram::most_iterations.
// Reckons with no hash: callers without rights may come this far.
void check_password(const std::string& password);

// Throws core::Error (22023) for the verifier of an empty password; hashes.
void refuse_empty_password(const std::string& password);

}  // namespace roles
