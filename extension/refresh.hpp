// What `pg_replica refresh` reads from the primary: the files of a base backup, and the blocks that differ from the
// asker's. The same as pg_basebackup gives, over ordinary connections.
#pragma once

#include <string>

#include "extension/server/function.hpp"

namespace refreshing {

// replica.refresh_list(): what a base backup has, each folder before what is in it.
void list(const pg::Arguments& arguments, pg::RowWriter& rows);

// replica.refresh_diff(request): answers a request of core/refresh_wire.hpp. Each byte is read once: what is compared is
// what is sent.
std::string diff(const pg::Arguments& arguments);

// Throws core::Error (42501) unless the current and the session's user may be sent a base backup.
void check_caller(const char* function);

}  // namespace refreshing
