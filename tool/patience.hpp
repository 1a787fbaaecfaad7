// How a step waits: it polls often at first, then less, and gives up after a time without progress.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "tool/world.hpp"

class Patience {
 public:
    Patience(world::Processes& processes, std::chrono::milliseconds limit)
        : processes_(processes), limit_(limit) {}

    // Starts the time anew when what is watched has changed since the last call.
    void watch(const std::string& sign_of_progress) {
        if (sign_of_progress == sign_) return;
        sign_ = sign_of_progress;
        start_ = Clock::now();
        slept_ = {};
    }

    bool over() const { return std::max<Clock::duration>(Clock::now() - start_, slept_) >= limit_; }

    // Throws Interrupted when a signal came.
    void wait() {
        processes_.sleep(interval_);
        slept_ += interval_;
        interval_ = std::min(interval_ * 5 / 4, longest_interval);
    }

 private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds longest_interval{1000};

    world::Processes& processes_;
    std::chrono::milliseconds limit_;
    std::chrono::milliseconds interval_{20};
    std::chrono::milliseconds slept_{0};  // counts where a test's sleep takes no time
    Clock::time_point start_ = Clock::now();
    std::string sign_;
};
