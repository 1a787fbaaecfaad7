#include "tool/real/interrupt.hpp"

#include <csignal>

#include "tool/failure.hpp"

namespace real {

namespace {

volatile std::sig_atomic_t signal_came = 0;

extern "C" void note_signal(int) { signal_came = 1; }

}  // namespace

void install_signal_handlers() {
    struct sigaction action = {};
    action.sa_handler = note_signal;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

void throw_if_interrupted() {
    if (signal_came == 0) return;
    signal_came = 0;
    throw Interrupted{};
}

}  // namespace real
