// Settings whose new values wait for a restart.
#pragma once

#include <string>
#include <vector>

namespace pending {

// Their names in the order of their bytes, without those that the command line or the environment fixes: a restart changes
// nothing about them, though the server flags them when the files say otherwise. Up to PostgreSQL 15 the flag also stays
// when a new value is taken out of the files again before any restart; such names are left out where the caller may read
// the files (EXECUTE on pg_show_all_file_settings()), which is done only if a flag is set (view-pg-settings).
std::vector<std::string> restarts();

}  // namespace pending
