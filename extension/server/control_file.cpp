#include "extension/server/control_file.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "storage/lwlock.h"
}

#include "extension/server/boundary.hpp"

namespace pg {

Limits limits_of_primary() {
    const ControlFileData* control = call([] {
        bool valid = false;
        LWLockAcquire(ControlFileLock, LW_SHARED);
        const ControlFileData* data = get_controlfile(DataDir, &valid);
        LWLockRelease(ControlFileLock);
        return data;
    });
    return {{{"max_connections", control->MaxConnections},
             {"max_worker_processes", control->max_worker_processes},
             {"max_wal_senders", control->max_wal_senders},
             {"max_prepared_transactions", control->max_prepared_xacts},
             {"max_locks_per_transaction", control->max_locks_per_xact}}};
}

}  // namespace pg
