// The one error type of the project's own code, in PostgreSQL's message style
// (https://www.postgresql.org/docs/current/error-style-guide.html).
#pragma once

#include <exception>
#include <string>

namespace core {

// What went wrong, the facts behind it, and the command or line that mends it.
struct Error : std::exception {
    std::string sqlstate;  // five characters, from errcodes-appendix
    std::string message;   // lower case, no full stop
    std::string detail;    // sentences; may be empty
    std::string hint;      // a sentence; may be empty

    Error(std::string sqlstate, std::string message, std::string detail = {}, std::string hint = {})
        : sqlstate(std::move(sqlstate)),
          message(std::move(message)),
          detail(std::move(detail)),
          hint(std::move(hint)) {}

    const char* what() const noexcept override { return message.c_str(); }
};

// SQLSTATEs that our own errors use, by the names of PostgreSQL's appendix A.
namespace sqlstate {
inline constexpr const char* invalid_parameter_value = "22023";
inline constexpr const char* null_value_not_allowed = "22004";
inline constexpr const char* invalid_name = "42602";
inline constexpr const char* reserved_name = "42939";
inline constexpr const char* insufficient_privilege = "42501";
inline constexpr const char* undefined_object = "42704";
inline constexpr const char* duplicate_object = "42710";
inline constexpr const char* object_in_use = "55006";
inline constexpr const char* object_not_in_prerequisite_state = "55000";
inline constexpr const char* active_sql_transaction = "25001";
inline constexpr const char* read_only_sql_transaction = "25006";
inline constexpr const char* config_file_error = "F0000";
inline constexpr const char* io_error = "58030";
inline constexpr const char* feature_not_supported = "0A000";
inline constexpr const char* connection_failure = "08006";
inline constexpr const char* protocol_violation = "08P01";
inline constexpr const char* query_canceled = "57014";
inline constexpr const char* out_of_memory = "53200";
inline constexpr const char* internal_error = "XX000";
inline constexpr const char* data_corrupted = "XX001";
}  // namespace sqlstate

}  // namespace core
