// What to advise when a connection fails. libpq tells the reason in words only, and words are not matched here: the
// advice rests on what libpq tells for sure, and is true whatever the words are.
#pragma once

#include <string>

namespace connect_hint {

// How libpq treats the password file (libpq-pgpass).
enum class Passfile { unknown, missing, open_to_others, no_plain_file, unreadable, readable };

// What the file at path is for libpq and the user of this process; an empty path is unknown.
Passfile look_at(const std::string& path);

struct Facts {
    std::string host;       // as libpq used it; empty: the default Unix-domain socket
    std::string port, user, database;
    std::string passfile;   // the password file that libpq looked at; empty when none is known
    Passfile state = Passfile::unknown;
    bool needs_password = false;  // the server asked for one and there was none (PQconnectionNeedsPassword)
    bool used_password = false;   // the server asked for one and got it (PQconnectionUsedPassword)
};

// One sentence or more, with the file and the line to write where a password is missing.
std::string text(const Facts& facts);

}  // namespace connect_hint
