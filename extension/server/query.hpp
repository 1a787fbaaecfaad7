// SQL from inside the server, through SPI (spi.html), with the caller's rights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "extension/server/function.hpp"

namespace pg {

// Runs one statement with its parameters ($1, $2, ... as text; cast them in the statement) and returns its rows, each
// value as its type's output function prints it. Throws ServerError.
Rows query(std::string_view sql, const std::vector<Value>& parameters = {});

// As query, for one of few statements that a session runs again and again: its plan is kept until the session ends, and made
// anew by the server when what it rests on has changed.
Rows query_often(const std::string& sql);

// As query, for statements that give exactly one value in one row; nothing when it is NULL or there is no row.
Value query_value(std::string_view sql, const std::vector<Value>& parameters = {});

}  // namespace pg
