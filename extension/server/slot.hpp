// Replication slots in-process: dropping one when the transaction ends, where no SQL can run.
#pragma once

#include <string>

namespace pg {

// Drops a slot without a look at anybody's rights. Throws ServerError: 42704 when there is none, 55006 when somebody
// streams from it.
void drop_slot(const std::string& slot);

// As drop_slot, at the end of a transaction that rolls back: no slot is fine, and what cannot be dropped is a core::Error
// that names the command that does it.
void drop_slot_in_rollback(const std::string& slot);

}  // namespace pg
