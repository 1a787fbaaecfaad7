// The environment of this process.
#pragma once

namespace real {

// Removes every PG... variable, so that libpq knows nothing but what it is given (libpq-envars).
void forget_libpq_variables();

}  // namespace real
