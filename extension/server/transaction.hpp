// The transaction that a call runs in.
#pragma once

namespace pg {

// Throws core::Error (25001) when the caller is inside BEGIN ... COMMIT: function ("replica.create_slot") does what a
// ROLLBACK would not undo, as reason says in a sentence.
void refuse_in_transaction_block(const char* function, const char* reason);

// Throws core::Error (25006) on a standby: function ("replica.create_role") changes what only a primary can change.
void refuse_in_recovery(const char* function);

}  // namespace pg
