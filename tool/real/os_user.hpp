// The operating system user that the tool works as: never root where files or servers are made.
#pragma once

#include <string>

namespace real {

// Becomes user for good (when root and user is given), with its groups and home directory. Throws Failure: usage when
// this process is root and no user is given, precondition when there is no such user or this process may not become it.
void become(const std::string& user);

}  // namespace real
