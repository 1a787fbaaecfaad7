// Everything that would make a change of the configuration fail, have no effect, or keep the server from
// starting again: found before the first value is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extension/server/configuration.hpp"
#include "extension/settings_facts.hpp"

namespace settings {

using Change = pg::ToWrite;

// Throws core::Error (42501), with every missing right and its GRANT named, unless the caller may make these changes,
// read the files, reload, and write replica.setting_history. To be called before anything is locked.
void check_rights(const std::vector<Change>& changes);

// Throws core::Error or pg::ServerError for the first obstacle: ALTER SYSTEM switched off, rights (all that
// are missing at once), files with errors, files that cannot be written, values fixed outside the files,
// values that the parameter does not take, a combination that does not hold. No changes, no obstacle.
void check_before_writing(const Gathered& gathered, const std::vector<Change>& changes);

}  // namespace settings
