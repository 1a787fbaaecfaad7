#include "extension/server/transaction.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
}

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

namespace {

struct Pending {
    std::vector<std::function<void()>> undo;
    std::vector<std::pair<std::string, std::function<void()>>> act;  // by what they do
};

// Of the present transaction; null when there is nothing, and a pointer because globals have no constructors here.
Pending* pending = nullptr;

void forget() { delete std::exchange(pending, nullptr); }

void act_all() {
    for (std::size_t i = 0; i < pending->act.size(); ++i) pending->act[i].second();
}

void undo_last() {
    const std::function<void()> undo = std::move(pending->undo.back());
    pending->undo.pop_back();
    undo();
}

void undo_all() {
    while (pending != nullptr && !pending->undo.empty()) without_raising(undo_last);
    forget();
}

extern "C" {
static void at_end_of_transaction(XactEvent event, void*) {
    if (pending == nullptr) return;
    switch (event) {
        case XACT_EVENT_PRE_COMMIT:
        case XACT_EVENT_PRE_PREPARE:
            shield(act_all);
            return;
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_PREPARE:
            forget();
            return;
        case XACT_EVENT_ABORT:
            undo_all();
            return;
        default:
            return;
    }
}
}

Pending& of_this_transaction() {
    static bool registered = false;
    if (!registered) call([] { RegisterXactCallback(at_end_of_transaction, nullptr); });
    registered = true;
    if (pending == nullptr) pending = new Pending;
    return *pending;
}

}  // namespace

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

void on_rollback(std::function<void()> undo) { of_this_transaction().undo.push_back(std::move(undo)); }

void before_commit(const std::string& what, std::function<void()> act) {
    of_this_transaction().act.emplace_back(what, std::move(act));
}

bool waits_for_commit(const std::string& what) {
    return pending != nullptr && std::any_of(pending->act.begin(), pending->act.end(),
                                             [&what](const auto& act) { return act.first == what; });
}

}  // namespace pg
