// A Reporter that lets no step be silent: while the one behind it is told nothing, because a disk, a name server or a
// lock takes its time, it is told once more what it was told last.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tool/world.hpp"

namespace real {

class Heartbeat : public world::Reporter {
 public:
    // Speaks when nothing was told for so long; first is what goes on before the first step, empty: nothing is said then
    // (somebody may be asked for a password).
    Heartbeat(world::Reporter& behind, std::chrono::milliseconds silence, std::string first);
    ~Heartbeat() override;
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;

    void step(const std::string& sentence) override;
    void fact(const std::string& sentence) override;
    void warning(const std::string& sentence) override;
    void progress(const world::Progress& progress) override;
    void end_progress() override;

 private:
    using Clock = std::chrono::steady_clock;
    void beat();
    void told() { last_ = Clock::now(); }

    world::Reporter& behind_;
    const std::chrono::milliseconds silence_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    world::Progress progress_;  // what is told again
    Clock::time_point last_ = Clock::now();
    std::thread thread_;
};

}  // namespace real
