// The transaction that a call runs in, and what its end does to changes that the server does not take back by itself.
#pragma once

#include <functional>
#include <string>

namespace pg {

// Throws core::Error (25001) when the caller is inside BEGIN ... COMMIT: function ("replica.create_slot") does what a
// ROLLBACK would not undo, as reason says in a sentence. A subtransaction, as PL/pgSQL has for EXCEPTION, counts as well.
void refuse_in_transaction_block(const char* function, const char* reason);

// Throws core::Error (25006) on a standby: function ("replica.create_role") changes what only a primary can change.
void refuse_in_recovery(const char* function);

// Runs undo if the transaction of the call rolls back, for whatever reason: the last one given runs first, while
// the locks of the transaction are still held. undo enters the server only where nothing raises, and throws core::Error
// for what it cannot undo, which becomes a WARNING. Not for subtransactions: refuse_in_transaction_block comes first.
void on_rollback(std::function<void()> undo);

// Runs act when all else in the transaction has succeeded, just before it commits: for what cannot be undone. What act
// throws rolls the transaction back. what tells it from others for waits_for_commit.
void before_commit(const std::string& what, std::function<void()> act);

// True when what was given to before_commit in this transaction.
bool waits_for_commit(const std::string& what);

}  // namespace pg
