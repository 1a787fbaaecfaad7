#include "extension/server/reload.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
}

#include <csignal>

#include "extension/server/boundary.hpp"
#include "extension/server/query.hpp"

namespace pg {

namespace {

void sleep_interruptibly(int milliseconds) {
    call([milliseconds] {
        CHECK_FOR_INTERRUPTS();
        pg_usleep(milliseconds * 1000L);
    });
}

}  // namespace

std::string hba_file() { return HbaFileName; }

bool reload_and_wait(int timeout_milliseconds) {
    static constexpr int step = 5;
    const bool pending_before = ConfigReloadPending;
    query("SELECT pg_catalog.pg_reload_conf()");
    if (pending_before) return false;
    for (int waited = 0; waited < timeout_milliseconds && !ConfigReloadPending; waited += step) sleep_interruptibly(step);
    return ConfigReloadPending;
}

void request_reload() { kill(PostmasterPid, SIGHUP); }

}  // namespace pg
