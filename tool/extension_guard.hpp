// Is our extension where a command needs it?
#pragma once

#include <string>

#include "tool/world.hpp"

namespace extension_guard {

// Throws Failure with ExitCode::precondition unless the extension stands in the session's database in the
// version that this tool speaks; the hint is the statement that mends it, or says that its files are missing
// on the server. server
// ("the primary") is for messages.
void require(world::Session& session, const std::string& server);

}  // namespace extension_guard
