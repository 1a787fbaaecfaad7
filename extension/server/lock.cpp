#include "extension/server/lock.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "storage/lock.h"
}

#include "extension/server/boundary.hpp"

namespace pg {

namespace {

// Any number that other libraries are unlikely to use with database 0.
constexpr unsigned class_of_ours = 0x70726570;

}  // namespace

void lock_cluster_wide(Lockable what) {
    call([what] {
        LOCKTAG tag;
        SET_LOCKTAG_ADVISORY(tag, InvalidOid, class_of_ours, static_cast<unsigned>(what), 2);
        LockAcquire(&tag, ExclusiveLock, false, false);
    });
}

}  // namespace pg
