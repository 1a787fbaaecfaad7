// How libpq's errors become the tool's.
#pragma once

#include <libpq-fe.h>

#include <string>

namespace real {

// Without the line breaks and tabs of libpq's advice.
std::string trimmed(const char* text);

// text unless it is missing or empty.
std::string first_of(const char* text, const char* otherwise);

// "host 10.0.0.1, port 5432, user postgres, database postgres"
std::string place(PGconn* connection);

enum class Refusal {
    none,       // nobody answered, as far as is known
    by_server,  // one that is there
    by_libpq,   // it asked nobody: a service that is not defined, an option that it does not take
};

// Throws Failure (connection) with libpq's message and what mends it.
[[noreturn]] void fail_connect(PGconn* connection, const std::string& purpose, bool replication, Refusal refusal);

// Throws core::Error as the server sent it, or 08006 when the connection is lost.
[[noreturn]] void fail_statement(PGconn* connection, const PGresult* result);

}  // namespace real
