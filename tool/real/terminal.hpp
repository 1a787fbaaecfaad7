// The seam Reporter on a terminal, or as plain lines where there is none. All of it goes to stderr: stdout is for results.
#pragma once

#include <chrono>

#include "tool/world.hpp"

namespace real {

// Columns of the terminal that stdout is; 0 when it is none.
std::size_t output_width();

class Terminal : public world::Reporter {
   public:
    // quiet keeps steps and facts back; warnings are always shown.
    explicit Terminal(bool quiet = false);
    // stderr is a terminal.
    bool interactive() const { return interactive_; }

    void step(const std::string& sentence) override;
    void fact(const std::string& sentence) override;
    void warning(const std::string& sentence) override;
    void progress(const world::Progress& progress) override;
    void end_progress() override;

   private:
    bool quiet_;
    bool interactive_;
    bool bar_shown_ = false;
    std::string phase_;
    std::chrono::steady_clock::time_point phase_start_ = std::chrono::steady_clock::now(), last_line_;
};

}  // namespace real
