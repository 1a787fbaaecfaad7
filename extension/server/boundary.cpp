#include "extension/server/boundary.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
}

#include <cstring>
#include <new>
#include <string>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/function.hpp"

namespace pg {

namespace {

// What a failing call leaves behind when no C++ object is alive any more: plain data only.
struct Failure {
    ErrorData* server = nullptr;
    int sqlstate = 0;
    const char* message = nullptr;
    const char* detail = nullptr;
    const char* hint = nullptr;
};

int pack_sqlstate(const std::string& state) {
    if (state.size() != 5) return ERRCODE_INTERNAL_ERROR;
    return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

// A copy that lives until the transaction ends. Never raises: where memory is out, the text is missing, not the error.
const char* keep(const std::string& text) {
    static constexpr std::size_t longest = 1 << 16;
    if (text.empty()) return nullptr;
    const std::size_t size = name::clipped(text, longest).size();
    char* copy = static_cast<char*>(MemoryContextAllocExtended(CurrentMemoryContext, size + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) return nullptr;
    std::memcpy(copy, text.data(), size);
    copy[size] = '\0';
    return copy;
}

Failure failure_of(const core::Error& error) {
    return {nullptr, pack_sqlstate(error.sqlstate), keep(error.message), keep(error.detail), keep(error.hint)};
}

// Called in a handler: turns the current exception into plain data.
Failure current_failure() {
    try {
        throw;
    } catch (const ServerError& error) {
        return {error.data, 0, nullptr, nullptr, nullptr};
    } catch (const core::Error& error) {
        return failure_of(error);
    } catch (const std::bad_alloc&) {
        return {nullptr, ERRCODE_OUT_OF_MEMORY, "out of memory", nullptr, nullptr};
    } catch (const std::exception& error) {
        return {nullptr, ERRCODE_INTERNAL_ERROR, keep(std::string("unexpected failure: ") + error.what()), nullptr,
                nullptr};
    } catch (...) {
        return {nullptr, ERRCODE_INTERNAL_ERROR, "unexpected failure of an unknown kind", nullptr, nullptr};
    }
}

[[noreturn]] void raise(const Failure& failure, Secrecy secrecy) {
    const bool hide = secrecy == Secrecy::hide_statement;
    if (failure.server != nullptr) {
        failure.server->hide_stmt = failure.server->hide_stmt || hide;
        failure.server->hide_ctx = failure.server->hide_ctx || hide;
        ReThrowError(failure.server);
    }
    ereport(ERROR, (errcode(failure.sqlstate), errmsg("%s", failure.message ? failure.message : "out of memory"),
                    failure.detail ? errdetail("%s", failure.detail) : 0,
                    failure.hint ? errhint("%s", failure.hint) : 0, errhidestmt(hide), errhidecontext(hide)));
    pg_unreachable();
}

// The server leaves held interrupts and locks to the transaction's abort, which is what runs here already.
void warn(const Failure& failure, unsigned holdoff) {
    if (failure.server != nullptr) LWLockReleaseAll();
    InterruptHoldoffCount = holdoff;
    const bool of_server = failure.server != nullptr;
    const char* message = of_server ? failure.server->message : failure.message;
    const char* detail = of_server ? failure.server->detail : failure.detail;
    const char* hint = of_server ? failure.server->hint : failure.hint;
    ereport(WARNING, (errcode(of_server ? failure.server->sqlerrcode : failure.sqlstate),
                      errmsg("%s", message ? message : "out of memory"), detail ? errdetail("%s", detail) : 0,
                      hint ? errhint("%s", hint) : 0));
}

// True when the body ran to its end; otherwise failure says what happened. No C++ object outlives this frame.
template <class Function>
bool run(Function body, Failure& failure) {
    static_assert(std::is_trivially_destructible_v<Function>, "the caller raises: longjmp skips destructors");
    try {
        body();
        return true;
    } catch (...) {
        failure = current_failure();
        return false;
    }
}

}  // namespace

namespace {

// The server's present error, which is over then; null where there is no memory to keep it in.
ErrorData* take_error() {
    ErrorData* volatile copy = nullptr;
    PG_TRY();
    { copy = CopyErrorData(); }
    PG_CATCH();
    { copy = nullptr; }
    PG_END_TRY();
    FlushErrorState();
    return copy;
}

}  // namespace

namespace detail {

void enter(void (*function)(void*), void* closure) {
    const MemoryContext caller = CurrentMemoryContext;
    ErrorData* volatile server_error = nullptr;
    volatile bool failed = false;
    std::exception_ptr exception;
    PG_TRY();
    {
        try {
            function(closure);
        } catch (...) {
            exception = std::current_exception();
        }
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(caller);
        failed = true;
        server_error = take_error();
    }
    PG_END_TRY();
    if (server_error != nullptr) throw ServerError(server_error);
    if (failed) throw std::bad_alloc();
    if (exception) std::rethrow_exception(exception);
}

namespace {

void roll_back_subtransaction(MemoryContext context, ResourceOwner owner) {
    call([=] {
        RollbackAndReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(context);
        CurrentResourceOwner = owner;
    });
}

}  // namespace

bool enter_subtransaction(void (*function)(void*), void* closure, OnError on_error) {
    const MemoryContext context = CurrentMemoryContext;
    const ResourceOwner owner = CurrentResourceOwner;
    call([context] {
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(context);
    });
    try {
        enter(function, closure);
        call([context, owner] {
            ReleaseCurrentSubTransaction();
            MemoryContextSwitchTo(context);
            CurrentResourceOwner = owner;
        });
        return true;
    } catch (const ServerError& error) {
        roll_back_subtransaction(context, owner);
        if (on_error == OnError::pass_on) throw;
        // a cancel or a termination request is the user's will, and want of memory says nothing about what was tried
        const int state = error.data->sqlerrcode;
        if (state == ERRCODE_QUERY_CANCELED || state == ERRCODE_ADMIN_SHUTDOWN || state == ERRCODE_OUT_OF_MEMORY) throw;
        return false;
    } catch (...) {
        roll_back_subtransaction(context, owner);
        throw;
    }
}

}  // namespace detail

unsigned long shield(FunctionCallInfoBaseData* fcinfo, Body body, Secrecy secrecy) {
    Failure failure;
    if (!run([=] { return_rows(fcinfo, body(Arguments(fcinfo))); }, failure)) raise(failure, secrecy);
    return 0;
}

unsigned long shield(FunctionCallInfoBaseData* fcinfo, StreamBody body) {
    Failure failure;
    const auto feed = [=] {
        RowWriter rows(fcinfo);
        body(Arguments(fcinfo), rows);
    };
    if (!run(feed, failure)) raise(failure, Secrecy::none);
    return 0;
}

unsigned long shield(FunctionCallInfoBaseData* fcinfo, BytesBody body) {
    Failure failure;
    unsigned long result = 0;
    if (!run([=, &result] { result = bytes_datum(body(Arguments(fcinfo))); }, failure)) raise(failure, Secrecy::none);
    return result;
}

void shield(void (*body)()) {
    Failure failure;
    if (!run(body, failure)) raise(failure, Secrecy::none);
}

void without_raising(void (*body)()) {
    const unsigned holdoff = InterruptHoldoffCount;
    Failure failure;
    if (!run(body, failure)) warn(failure, holdoff);
}

void uninterrupted(const std::function<void()>& f) {
    const unsigned holdoff = InterruptHoldoffCount;
    HOLD_INTERRUPTS();
    try {
        f();
    } catch (...) {
        InterruptHoldoffCount = holdoff;
        throw;
    }
    RESUME_INTERRUPTS();
}

void check_interrupts() {
    if (!INTERRUPTS_PENDING_CONDITION()) return;
    call([] { CHECK_FOR_INTERRUPTS(); });
}

}  // namespace pg
