// The statements of a hint that can be run as they are, one by one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fix {

// The statements of a hint without its comment. Empty when the hint is a sentence, when a comment names a condition
// ("-- if its standby never comes back"), or when one of the statements only shows something, drops something or is
// no SQL: nobody shall run those without having read them.
std::vector<std::string> statements(std::string_view hint);

// An array literal of SQL.
std::string array(const std::vector<std::string>& texts);

}  // namespace fix
