// The seam Reporter for programs: JSON lines on stderr. See docs/cli.md.
#pragma once

#include <chrono>

#include "core/error.hpp"
#include "tool/world.hpp"

namespace real {

class JsonLines : public world::Reporter {
 public:
    void step(const std::string& sentence) override;
    void fact(const std::string& sentence) override;
    void warning(const std::string& sentence) override;
    // At most one line a second for each phase.
    void progress(const world::Progress& progress) override;
    void end_progress() override {}
    // These two are the last lines of a run.
    void error(const core::Error& error);
    void end(int exit_code);

 private:
    using Clock = std::chrono::steady_clock;
    std::string phase_;
    Clock::time_point phase_start_ = Clock::now(), last_line_;
};

}  // namespace real
