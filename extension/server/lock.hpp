// Locks between the sessions of the whole cluster, whatever database they are connected to.
#pragma once

namespace pg {

// What is locked.
enum class Lockable : unsigned {
    hba_file = 1,
    settings = 2,
    roles = 3,
};

// Waits for the lock, lets cancel requests and lock_timeout through, and holds it until the transaction ends. An
// advisory lock of no database: SQL can neither take nor release one (explicit-locking "Advisory Locks").
void lock_cluster_wide(Lockable what);

}  // namespace pg
