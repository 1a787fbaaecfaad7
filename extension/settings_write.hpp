// Writing the configuration: recorded, all or nothing, and seen to be in effect.
#pragma once

#include <vector>

#include "extension/settings_guard.hpp"

namespace settings {

// Remember in replica.setting_history what postgresql.auto.conf held before, and forget all of it.
void record(const std::vector<Change>& changes, const Gathered& before);
void forget();

// Writes the changes with ALTER SYSTEM and reloads. When one fails, when one that needs no restart is not in effect
// afterwards, or when the statement fails later, all are put back; what could not be is named in a WARNING with the command
// that does it. False when the server did not confirm the reload in time.
bool write_and_reload(const std::vector<Change>& changes);

}  // namespace settings
