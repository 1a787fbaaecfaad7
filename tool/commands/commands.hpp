// The subcommands: each adds itself to the application, and runs when the parser has chosen it.
#pragma once

#include <functional>

#include "tool/exit_code.hpp"

namespace CLI {
class App;
}

namespace commands {

// What the chosen subcommand does; set by its callback, called after parsing.
using Action = std::function<ExitCode()>;

void add_check(CLI::App& app, Action& action);
void add_prepare(CLI::App& app, Action& action);
void add_refresh(CLI::App& app, Action& action);
void add_clone(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);
void add_promote(CLI::App& app, Action& action);
void add_rejoin(CLI::App& app, Action& action);
void add_guard(CLI::App& app, Action& action);
void add_follow(CLI::App& app, Action& action);
void add_drop(CLI::App& app, Action& action);
void add_slots(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_switchover(CLI::App& app, Action& action);
void add_sync(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);

}  // namespace commands
