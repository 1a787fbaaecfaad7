// Lines that are added to pg_hba.conf and taken out again, as text to text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/hba_address.hpp"
#include "core/hba_token.hpp"

namespace hba {

// The comment that tells our own lines from all others.
inline constexpr std::string_view mark = "# added by pg_replica";

// One admission of a role to physical replication.
struct Entry {
    std::string type;  // "host"; "local" has no address
    std::string role;
    std::optional<Network> from;  // with a prefix mask
    std::string method;
};

// A value that can only be taken literally: always in quotes, quotes inside doubled.
std::string quote_token(std::string_view text);

// host replication "rep" 10.0.0.5/32 scram-sha-256, without mark and line end. Throws core::Error (42602) for
// a role name that the dialect cannot express: one with control characters, and from 16 on one that begins
// with '/', which is a regular expression even in quotes.
std::string rule_text(const Entry& entry, const Dialect& dialect);

struct Edit {
    std::string content;  // of the whole file afterwards
    int line_number = 0;  // where the change is, in the file that has the line
    std::string rule;     // the line without mark
};

// The file with the entry's marked line before the physical line number before, or at the end when before is
// 0. Line ends and continuations that the file leaves open are closed first.
Edit insert(std::string_view content, const Dialect& dialect, const Entry& entry, int before);

// The file without the first marked line that admits exactly this role from exactly this network (nothing:
// the Unix-domain socket); nothing when it has none.
std::optional<Edit> remove(std::string_view content, const Dialect& dialect, const std::string& role,
                           const std::optional<Network>& from);

// Text of a file for people and terminals: control characters, and all beyond ASCII when it is not valid
// UTF-8, become \xNN.
std::string printable(std::string_view text);

}  // namespace hba
