// Names that users and machines give, and how each place wants them quoted.
#pragma once

#include <string>
#include <string_view>

namespace name {

// Bytes that PostgreSQL keeps of a name (NAMEDATALEN - 1); longer names are cut silently by the server.
inline constexpr std::size_t max_length = 63;

// True if text holds a byte below 0x20 or 0x7F: never acceptable in a name, an address, a password or a path,
// as most of the files that these end up in are read line by line.
bool has_control_character(std::string_view text);

// Throws core::Error (22023, 42602) unless text can be the name of a new role or a user's own object:
// not empty, at most 63 bytes, no control characters. kind ("role") names it in the message.
void check_plain(std::string_view kind, std::string_view text);

// As check_plain, and refuses the names that PostgreSQL reserves for roles: pg_..., public, none,
// current_role, current_user, session_user (42939).
void check_role(std::string_view text);

// Throws core::Error unless text is a legal replication slot name: 1 to 63 of [a-z0-9_]; the hint names
// a legal one (warm-standby: "Replication slots", slot name rules).
void check_slot(std::string_view text);

// A legal slot name for a standby: lower case, '-' and '.' become '_', any other character 'uNNNN'
// (its code point, decimal), cut at 63 bytes. Patroni's rule for members, so that its slots and ours meet.
std::string slot_from(std::string_view standby);

// What is given back in a message: a text of more than 100 bytes is cut at the end of a character and says so. Whole
// characters stay whole in UTF-8 and in every other server encoding that sets the high bit of all bytes of a character.
std::string shown(std::string_view text);

// The longest beginning of text with at most so many bytes that ends where a character ends, as shown cuts it.
std::string_view clipped(std::string_view text, std::size_t longest);

// SQL: "a b" -> "\"a b\"" (always quoted) and 'it''s' (with E'' where a backslash stands).
std::string quote_identifier(std::string_view text);
std::string quote_literal(std::string_view text);

// A word of a shell command that users paste: plain words as they are, anything else in single quotes.
std::string quote_shell(std::string_view text);

}  // namespace name
