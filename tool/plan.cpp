#include "tool/plan.hpp"

#include <fmt/format.h>

#include "tool/failure.hpp"

namespace plan {

namespace {

std::string text_of(const std::exception& error) {
    const auto* known = dynamic_cast<const core::Error*>(&error);
    if (known == nullptr || known->detail.empty()) return error.what();
    return fmt::format("{} ({})", known->message, known->detail);
}

// A second signal (a terminal that closes sends several) does not end the clearing up; a third ends that of
// one step.
void undo_step(const Step& step, world::World& world) {
    try {
        step.undo(world);
    } catch (const Interrupted&) {
        step.undo(world);
    }
}

// Undoes the first count steps in reverse; returns what could not be undone.
std::vector<std::string> undo(const Plan& plan, std::size_t count, world::World& world) {
    std::vector<std::string> leftovers;
    for (std::size_t i = count; i-- > 0;) {
        const Step& step = plan[i];
        if (!step.undo) continue;
        try {
            undo_step(step, world);
        } catch (const Interrupted&) {
            leftovers.push_back(step.undo_by_hand ? step.undo_by_hand() : step.sentence);
        } catch (const std::exception& error) {
            leftovers.push_back(fmt::format(
                "{}\n    Reason: {}.", step.undo_by_hand ? step.undo_by_hand() : step.sentence, text_of(error)));
        }
    }
    return leftovers;
}

void append(std::string& text, const std::string& more) { text += (text.empty() ? "" : "\n") + more; }

[[noreturn]] void fail(core::Error error, ExitCode code, const std::vector<std::string>& leftovers) {
    if (leftovers.empty()) {
        append(error.detail, "Everything that this run had made was removed again.");
        throw Failure(code, std::move(error));
    }
    append(error.detail, "This could not be removed:");
    for (const std::string& leftover : leftovers) append(error.detail, "  " + leftover);
    throw Failure(ExitCode::leftovers, std::move(error));
}

}  // namespace

std::string describe(const Plan& plan) {
    std::string text;
    for (std::size_t i = 0; i < plan.size(); ++i) text += fmt::format("{:2}. {}\n", i + 1, plan[i].sentence);
    return text;
}

void execute(const Plan& plan, world::World& world) {
    for (std::size_t i = 0; i < plan.size(); ++i) {
        try {
            world.reporter.step(plan[i].sentence);
            plan[i].run(world);
        } catch (const core::Error& error) {
            world.reporter.end_progress();
            fail(error, ExitCode::undone, undo(plan, i + 1, world));
        } catch (const std::exception& error) {
            world.reporter.end_progress();
            fail({core::sqlstate::internal_error, error.what()}, ExitCode::undone, undo(plan, i + 1, world));
        } catch (const Interrupted&) {
            world.reporter.end_progress();
            fail({core::sqlstate::query_canceled, "stopped by a signal"}, ExitCode::interrupted,
                 undo(plan, i + 1, world));
        }
    }
}

}  // namespace plan
