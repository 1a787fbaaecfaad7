// A password from the terminal, without echo.
#pragma once

#include <optional>
#include <string>

namespace real {

// Nothing when there is no terminal. Throws Interrupted when the user gives up with Ctrl-C.
std::optional<std::string> ask_password(const std::string& question);

}  // namespace real
