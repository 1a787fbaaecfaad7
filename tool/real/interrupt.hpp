// SIGINT, SIGTERM and SIGHUP: noted by a handler, thrown as Interrupted at the next safe point.
#pragma once

namespace real {

void install_signal_handlers();

// Throws Interrupted once for each signal that came.
void throw_if_interrupted();

}  // namespace real
