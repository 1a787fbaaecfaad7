// The environment of this process.
#pragma once

#include <string>
#include <vector>

namespace real {

// Removes every PG... variable but those named, so that libpq knows nothing but what it is given (libpq-envars).
void forget_libpq_variables(const std::vector<std::string>& kept = {});

}  // namespace real
