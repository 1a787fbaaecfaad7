// What a caller of allow_standby and disallow_standby asks for, checked.
#pragma once

#include <optional>
#include <string>

#include "core/hba_match.hpp"
#include "core/hba_write.hpp"
#include "extension/server/function.hpp"

namespace admission {

struct Wanted {
    hba::Entry entry;
    hba::Request request;        // the same, as a connection; its channel is set by who asks
    hba::Channels channels = 0;  // all that the connection type takes
    std::string
        note;  // what the caller should know about his request; a sentence with a blank behind, or empty
    bool dry_run = false;
};

// Throws core::Error: 22023 for an address, connection type or method that is not taken, 42704 when the role
// does not exist, 42602 for a name that cannot stand in the file, 55000 when the connection type cannot work
// on this server.
Wanted read_wanted(const pg::Arguments& arguments);

struct Unwanted {
    std::string role;
    std::optional<hba::Network> from;  // nothing: the Unix-domain socket
    bool dry_run = false;
};

// Throws core::Error as read_wanted; the role need not exist any more.
Unwanted read_unwanted(const pg::Arguments& arguments);

}  // namespace admission
