// The two doors between C++ and PostgreSQL.
//
// PostgreSQL raises errors by longjmp, C++ by exceptions; where they meet unguarded, destructors are skipped or the
// whole cluster restarts. call() enters the server from C++: a server error comes back as ServerError. shield() is
// the outermost frame of whatever PostgreSQL calls: an exception leaves as ereport(ERROR). Nothing else in this
// project raises or catches server errors. See xfunc-c "Using C++ for Extensibility" in PostgreSQL's documentation.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <type_traits>

struct ErrorData;
struct FunctionCallInfoBaseData;

namespace pg {

class Arguments;
class RowWriter;
struct Rows;

// A server error on its way through C++ frames, whole: SQLSTATE, DETAIL, HINT and CONTEXT survive. The data lives in
// the memory context that was current when call() was entered.
struct ServerError : std::exception {
    ErrorData* data;

    explicit ServerError(ErrorData* data) : data(data) {}
    const char* what() const noexcept override { return "PostgreSQL server error"; }
};

namespace detail {
void enter(void (*function)(void*), void* closure);
enum class OnError { forget, pass_on };
bool enter_subtransaction(void (*function)(void*), void* closure, OnError on_error);

template <class Closure>
void invoke(void* closure) {
    (*static_cast<Closure*>(closure))();
}
}  // namespace detail

// Runs f, which may call any server function, and returns its result. Throws ServerError for a server error, and
// lets C++ exceptions of f pass. f must not keep objects with destructors of its own alive across a server call:
// they live outside and are captured by reference.
template <class Function>
auto call(Function f) {
    static_assert(std::is_trivially_destructible_v<Function>, "capture by reference: longjmp skips destructors");
    using Result = std::invoke_result_t<Function&>;
    if constexpr (std::is_void_v<Result>) {
        detail::enter(detail::invoke<Function>, &f);
    } else {
        static_assert(std::is_trivially_destructible_v<Result>, "return plain data: longjmp skips destructors");
        Result result{};
        auto keep = [&f, &result] { result = f(); };
        detail::enter(detail::invoke<decltype(keep)>, &keep);
        return result;
    }
}

// Runs f in a subtransaction of its own: true when it succeeded; false when a server error was raised, which is
// rolled back and forgotten. The only place where a server error is swallowed. f may use pg::query and pg::call.
template <class Function>
bool attempt(Function f) {
    static_assert(std::is_trivially_destructible_v<Function>, "capture by reference: longjmp skips destructors");
    return detail::enter_subtransaction(detail::invoke<Function>, &f, detail::OnError::forget);
}

// As attempt, but the server error is thrown on once it is rolled back: the server's locks are free by then, so that
// the caller can undo what it did before.
template <class Function>
void atomically(Function f) {
    static_assert(std::is_trivially_destructible_v<Function>, "capture by reference: longjmp skips destructors");
    detail::enter_subtransaction(detail::invoke<Function>, &f, detail::OnError::pass_on);
}

// How much of a failing call the server log may show.
enum class Secrecy {
    none,
    // The call's arguments hold a secret: its statement and context stay out of the log when it fails.
    hide_statement,
};

using Body = Rows (*)(const Arguments&);
// For results that may be too many to be held: the rows go to the executor one by one.
using StreamBody = void (*)(const Arguments&, RowWriter&);
// For functions that return one bytea.
using BytesBody = std::string (*)(const Arguments&);

// Runs body for a set-returning SQL function and hands its rows to the executor. The outermost frame of every
// function that PostgreSQL calls: whatever is thrown inside leaves as a proper server error.
unsigned long shield(FunctionCallInfoBaseData* fcinfo, Body body, Secrecy secrecy = Secrecy::none);
unsigned long shield(FunctionCallInfoBaseData* fcinfo, StreamBody body);
unsigned long shield(FunctionCallInfoBaseData* fcinfo, BytesBody body);

// The outermost frame of a callback of PostgreSQL that may raise.
void shield(void (*body)());

// The outermost frame of a callback that must not raise, as at the end of a transaction that rolls back: what body throws
// becomes a WARNING.
void without_raising(void (*body)());

// Runs f, during which no cancel request and no termination is looked at. f may use pg::query and pg::call.
void uninterrupted(const std::function<void()>& f);

// Lets a cancel request, statement_timeout or termination through; call it in every loop that can be long.
void check_interrupts();

}  // namespace pg
