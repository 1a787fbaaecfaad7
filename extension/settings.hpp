// The settings that replication needs: what they are, what they should be, and ALTER SYSTEM for the
// difference.
#pragma once

#include "extension/server/function.hpp"

// Singular, as exports.cpp needs the plural for the C symbol of replica.settings().
namespace setting {

// replica.settings(standbys, wal_keep_size, max_slot_wal_keep_size, archive_command): one row for each
// setting.
pg::Rows list(const pg::Arguments& arguments);

// replica.set_settings(the same, dry_run): writes what the next start lacks, reloads, and reports what is in
// effect. Everything is checked before the first value is written; what fails after that is undone.
pg::Rows set(const pg::Arguments& arguments);

// replica.reset_settings(dry_run): puts back what set wrote, as recorded in replica.setting_history.
pg::Rows reset(const pg::Arguments& arguments);

}  // namespace setting
