// The server's configuration in-process: ALTER SYSTEM, which SQL refuses inside a function (sql-altersystem),
// and a reload that has been seen to happen.
#pragma once

#include <string>

namespace pg {

// Throws ServerError (22023 or 42704), in the server's own words, unless the parameter would take the value.
void check_parameter(const std::string& name, const std::string& value);

// As check_parameter, as an answer; also false for a parameter that does not exist.
bool accepts_parameter(const std::string& name, const std::string& value);

// ALTER SYSTEM SET name TO value / RESET name, with the caller's rights; written to postgresql.auto.conf at
// once, whatever becomes of the transaction. Throw ServerError, and free the server's lock on the file by
// then.
void alter_system_set(const std::string& name, const std::string& value);
void alter_system_reset(const std::string& name);

// Asks the server to read its configuration files again and waits until it has told its processes so; then
// this session reads them, too. False when the server did not answer within 10 seconds. Interruptible; needs
// the right to call pg_reload_conf().
bool reload_configuration();

// Why postgresql.auto.conf cannot be written, as the operating system says it ("postgresql.auto.conf:
// Permission denied"); empty when it can.
std::string why_configuration_is_unwritable();

}  // namespace pg
