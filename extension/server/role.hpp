// Roles in-process: where SQL would put a password into the text of a statement, and where SQL shows a stored
// password to superusers only (sql-createrole, catalog-pg-authid).
#pragma once

#include <string>
#include <vector>

#include "extension/server/function.hpp"

namespace pg {

// Throws ServerError (25006) in a read-only transaction, as the command ("CREATE ROLE") itself would.
void refuse_read_only(const char* command);

// Run "CREATE ROLE ..." and "ALTER ROLE ..." with the caller's rights. password is added in-process, so that
// it stands in no statement; the server hashes it unless it is a hash already, by password_encryption. Throw
// ServerError.
void create_role(const std::string& statement, const Value& password);
void alter_role(const std::string& statement, const Value& password);

// How the server reads a password: "plain", "md5" or "scram-sha-256" (a well-formed verifier).
std::string password_kind(const std::string& password);

// How the password of an existing role is stored: "none", "md5" or "scram-sha-256".
std::string stored_password_kind(const std::string& role);

// True when the role's stored password is this verifier, or a SCRAM verifier of this plain password.
bool has_password(const std::string& role, const std::string& password);

// True when a SCRAM verifier was made from plain. The server stores no verifier of the empty password.
bool verifier_fits(const std::string& verifier, const std::string& plain);

// Who of the current and the session's user is neither a superuser nor has REPLICATION: what the server asks for when a
// connection is to send it a base backup. Empty when both may.
std::vector<std::string> callers_without_replication();

}  // namespace pg
