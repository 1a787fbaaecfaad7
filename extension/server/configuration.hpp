// The server's configuration in-process: ALTER SYSTEM, which SQL refuses inside a function (sql-altersystem),
// and a reload that has been seen to happen.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pg {

// Throws ServerError (22023 or 42704), in the server's own words, unless the parameter would take the value.
void check_parameter(const std::string& name, const std::string& value);

// As check_parameter, as an answer; also false for a parameter that does not exist.
bool accepts_parameter(const std::string& name, const std::string& value);

// ALTER SYSTEM SET name TO value / RESET name, with the caller's rights; written to postgresql.auto.conf at
// once, whatever becomes of the transaction: see put_back_on_rollback. Throw ServerError, and free the server's lock on the file by
// then.
void alter_system_set(const std::string& name, const std::string& value);
void alter_system_reset(const std::string& name);

// If the transaction of the call rolls back, puts back what postgresql.auto.conf says of the settings now, where it says
// what is to be written to it; a file that is otherwise unchanged is then what it was to the byte. To be called first.
struct ToWrite {
    std::string name;
    std::optional<std::string> value;  // nothing: RESET
};
void put_back_on_rollback(const std::vector<ToWrite>& changes);

// Asks the server to read its configuration files again and waits until it has told its processes so; then
// this session reads them, too. False when the server did not answer within 10 seconds. Interruptible; needs
// the right to call pg_reload_conf().
bool reload_configuration();

// True when the server's library directory has a library of that bare name, or when it is not the only one to look in.
bool has_library(const std::string& name);

// The value in effect, whatever the caller may see of it: to be used, never to be shown. Empty when there is no such setting.
std::string value_in_effect(const char* name);

// True if pg_settings.pending_restart is set for at least one setting, whether or not the caller may see it.
bool some_setting_waits_for_restart();

// Why postgresql.auto.conf cannot be written, as the operating system says it ("postgresql.auto.conf:
// Permission denied"); empty when it can.
std::string why_configuration_is_unwritable();

}  // namespace pg
