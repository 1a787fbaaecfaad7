// The server's configuration files, and making the server read them again.
#pragma once

#include <string>

namespace pg {

// The path of pg_hba.conf as the server has it (hba_file). Gives it to whoever calls: check rights before.
std::string hba_file();

// Runs pg_reload_conf() with the caller's rights and waits until the postmaster has passed the signal on, for at most
// timeout_milliseconds. True when it has: as the postmaster does nothing else between that, reading pg_hba.conf, and
// taking new connections, every connection that starts from now on meets the new configuration. False when it did not
// answer in time, or when an earlier reload that this session has not taken in yet makes the answer impossible.
bool reload_and_wait(int timeout_milliseconds);

// Asks for a reload and waits for nothing: for the end of a transaction that rolls back. Never raises.
void request_reload();

}  // namespace pg
