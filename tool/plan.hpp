// What a command is going to do, as data: printed by --dry-run, carried out by execute.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tool/world.hpp"

namespace plan {

struct Step {
    std::string sentence;
    std::function<void(world::World&)> run;
    // Removes what run made, following the facts that it recorded; also called when run itself failed half-way.
    std::function<void(world::World&)> undo;
    // What is left and the command that removes it, for the case that undo fails.
    std::function<std::string()> undo_by_hand;
};

using Plan = std::vector<Step>;

// A step of actions on what the steps of a run share. undo may be null.
template <class Run>
Step step(const std::shared_ptr<Run>& run, std::string sentence, void (*action)(world::World&, Run&),
          void (*undo)(world::World&, Run&) = nullptr, std::function<std::string()> undo_by_hand = {}) {
    Step made{std::move(sentence), [run, action](world::World& world) { action(world, *run); }, {}, std::move(undo_by_hand)};
    if (undo != nullptr) made.undo = [run, undo](world::World& world) { undo(world, *run); };
    return made;
}

// The numbered sentences, as --dry-run prints them.
std::string describe(const Plan& plan);

// Runs the steps in order. When one fails, undoes it and the ones before in reverse order and throws Failure: its code
// is ExitCode::undone (interrupted after a signal), or ExitCode::leftovers when an undo failed; its detail then names
// what is left.
void execute(const Plan& plan, world::World& world);

}  // namespace plan
