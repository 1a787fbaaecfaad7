#include "tool/real/heartbeat.hpp"

#include <csignal>

namespace real {

namespace {

// Signals are for the thread that works: its waits end early on them.
std::thread without_signals(const std::function<void()>& work) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(work);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

Heartbeat::Heartbeat(world::Reporter& behind, std::chrono::milliseconds silence, std::string first)
    : behind_(behind), silence_(silence), progress_{std::move(first), 0, 0}, thread_(without_signals([this] { beat(); })) {}

Heartbeat::~Heartbeat() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Heartbeat::beat() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        changed_.wait_until(lock, last_ + silence_);
        if (over_ || Clock::now() < last_ + silence_) continue;
        if (!progress_.phase.empty()) behind_.progress(progress_);
        told();
    }
}

void Heartbeat::step(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    behind_.step(sentence);
    progress_ = {"this goes on", 0, 0};
    told();
}

void Heartbeat::fact(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    behind_.fact(sentence);
    told();
}

void Heartbeat::warning(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    behind_.warning(sentence);
    told();
}

void Heartbeat::progress(const world::Progress& progress) {
    const std::lock_guard lock(mutex_);
    behind_.progress(progress);
    progress_ = progress;
    told();
}

void Heartbeat::end_progress() {
    const std::lock_guard lock(mutex_);
    behind_.end_progress();
    progress_ = {"this goes on", 0, 0};
}

}  // namespace real
