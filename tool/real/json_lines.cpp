#include "tool/real/json_lines.hpp"

#include <fmt/chrono.h>

#include <cstdio>
#include <ctime>

#include "tool/render/event.hpp"

namespace real {

namespace {

// What cannot be shown is lost, and nothing else.
void show(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

std::string now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace

void JsonLines::step(const std::string& sentence) {
    phase_.clear();
    phase_start_ = Clock::now();
    show(render::event("step", now(), sentence));
}

void JsonLines::fact(const std::string& sentence) { show(render::event("fact", now(), sentence)); }

void JsonLines::warning(const std::string& sentence) { show(render::event("warning", now(), sentence)); }

void JsonLines::progress(const world::Progress& progress) {
    const auto moment = Clock::now();
    if (progress.phase != phase_) {
        if (!phase_.empty()) phase_start_ = moment;  // the first phase begins with its step
        phase_ = progress.phase;
    } else if (moment - last_line_ < std::chrono::seconds(1)) {
        return;
    }
    last_line_ = moment;
    show(render::progress_event(now(), progress, std::chrono::duration<double>(moment - phase_start_).count()));
}

void JsonLines::error(const core::Error& error) { show(render::error_event(now(), error)); }

void JsonLines::end(int exit_code) { show(render::end_event(now(), exit_code)); }

}  // namespace real
