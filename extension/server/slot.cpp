#include "extension/server/slot.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "miscadmin.h"
#include "replication/slot.h"
#include "storage/lwlock.h"
}

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

void drop_slot(const std::string& slot) {
    call([&slot] { ReplicationSlotDrop(slot.c_str(), true); });
}

void drop_slot_in_rollback(const std::string& slot) {
    const unsigned holdoff = InterruptHoldoffCount;
    try {
        drop_slot(slot);
    } catch (const ServerError& error) {
        // what an abort would clean up, but this is the abort
        LWLockReleaseAll();
        InterruptHoldoffCount = holdoff;
        if (error.data->sqlerrcode == ERRCODE_UNDEFINED_OBJECT) return;
        throw core::Error(core::sqlstate::object_in_use,
                          fmt::format("replication slot \"{}\" was created and could not be dropped again", slot),
                          fmt::format("The server says: {}.", error.data->message),
                          fmt::format("SELECT * FROM replica.drop_slot({});", name::quote_literal(slot)));
    }
}

}  // namespace pg
