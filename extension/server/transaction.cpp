#include "extension/server/transaction.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
}

#include <fmt/format.h>

#include "core/error.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

void refuse_in_transaction_block(const char* function, const char* reason) {
    if (!call([] { return IsTransactionBlock(); })) return;
    throw core::Error(core::sqlstate::active_sql_transaction,
                      fmt::format("{} cannot run inside a transaction block", function), reason,
                      "End the transaction with COMMIT or ROLLBACK and call the function on its own.");
}

void refuse_in_recovery(const char* function) {
    if (!call([] { return RecoveryInProgress(); })) return;
    throw core::Error(core::sqlstate::read_only_sql_transaction,
                      fmt::format("{} cannot run on a standby", function), "This server is in recovery.",
                      "Connect to the primary; SELECT sender_host, sender_port FROM pg_stat_wal_receiver names it.");
}

}  // namespace pg
