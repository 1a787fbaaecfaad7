#include "tool/real/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "tool/render/progress.hpp"

namespace real {

namespace {

constexpr std::chrono::seconds line_interval{5};

}  // namespace

std::size_t output_width() {
    winsize size = {};
    return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Terminal::Terminal(bool quiet) : quiet_(quiet), interactive_(isatty(STDERR_FILENO) != 0) {}

void Terminal::step(const std::string& sentence) {
    end_progress();
    if (!quiet_) fmt::print(stderr, "{}\n", sentence);
}

void Terminal::fact(const std::string& sentence) {
    end_progress();
    if (!quiet_) fmt::print(stderr, "  {}\n", sentence);
}

void Terminal::warning(const std::string& sentence) {
    end_progress();
    fmt::print(stderr, "warning: {}\n", sentence);
}

void Terminal::progress(const world::Progress& progress) {
    if (quiet_) return;
    const auto now = std::chrono::steady_clock::now();
    if (progress.phase != phase_) {
        phase_ = progress.phase;
        phase_start_ = now;
        last_line_ = now;
    }
    const std::string line = render::progress(progress, std::chrono::duration<double>(now - phase_start_).count());
    if (interactive_) {
        fmt::print(stderr, "\r  {}\033[K", line);
        std::fflush(stderr);
        bar_shown_ = true;
    } else if (now - last_line_ >= line_interval) {
        fmt::print(stderr, "  {}\n", line);
        last_line_ = now;
    }
}

void Terminal::end_progress() {
    if (bar_shown_) fmt::print(stderr, "\r\033[K");
    bar_shown_ = false;
}

}  // namespace real
