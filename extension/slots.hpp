// Physical replication slots: what keeps a standby's WAL on the primary, and what fills its disk when forgotten.
#pragma once

#include "extension/server/function.hpp"

namespace slots {

// replica.create_slot(slot_name): creates a physical slot that reserves WAL at once; says so when it exists already. It is
// dropped again when the statement fails after all.
pg::Rows create(const pg::Arguments& arguments);

// replica.drop_slot(slot_name): drops an inactive physical slot by its exact name, when the statement has succeeded.
pg::Rows drop(const pg::Arguments& arguments);

// replica.list_slots(): every slot with what it retains, behind the view replica.slots.
pg::Rows list(const pg::Arguments& arguments);

}  // namespace slots
