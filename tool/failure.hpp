// How the tool fails: an error with the exit code that it ends in.
#pragma once

#include "core/error.hpp"
#include "tool/exit_code.hpp"

struct Failure : core::Error {
    ExitCode code;

    Failure(ExitCode code, core::Error error) : core::Error(std::move(error)), code(code) {}
    Failure(ExitCode code, std::string message, std::string detail, std::string hint)
        : core::Error(core::sqlstate::object_not_in_prerequisite_state, std::move(message), std::move(detail),
                      std::move(hint)),
          code(code) {}
};

// What was checked beforehand stands in the way.
inline Failure refused(std::string message, std::string detail, std::string hint) {
    return {ExitCode::precondition, std::move(message), std::move(detail), std::move(hint)};
}

// Runs check; what is wrong with the words of the command line ends in ExitCode::usage.
template <class Check>
void as_usage(Check check) {
    try {
        check();
    } catch (const Failure&) {
        throw;
    } catch (const core::Error& error) {
        throw Failure(ExitCode::usage, error);
    }
}

// The user's signal (SIGINT, SIGTERM, SIGHUP); not derived from Failure so that no handler takes it for an error.
struct Interrupted {};
