#include "tool/real/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "tool/render/progress.hpp"
#include "tool/render/text.hpp"

namespace real {

namespace {

// A line at least every five seconds is promised, and what is to be told comes once a second.
constexpr std::chrono::milliseconds line_interval{3200};

// A closed terminal or pipe must not end a run half-way: what cannot be shown is lost, and nothing else.
void show(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

// Sentences hold names and messages of servers, which may not move the cursor; line breaks stay.
void show_lines(const std::string& label, const std::string& text) {
    std::string lines;
    std::string_view rest = text;
    while (rest.find('\n') != std::string_view::npos) {
        lines += render::escaped(rest.substr(0, rest.find('\n'))) + "\n";
        rest.remove_prefix(rest.find('\n') + 1);
    }
    show(label + lines + render::escaped(rest) + "\n");
}

}  // namespace

std::size_t output_width() {
    winsize size = {};
    return isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Terminal::Terminal(bool quiet) : quiet_(quiet), interactive_(isatty(STDERR_FILENO) != 0) {}

void Terminal::step(const std::string& sentence) {
    end_progress();
    if (!quiet_) show_lines("", sentence);
    phase_.clear();
    phase_start_ = last_line_ = std::chrono::steady_clock::now();
}

void Terminal::fact(const std::string& sentence) {
    end_progress();
    if (!quiet_) show_lines("  ", sentence);
}

void Terminal::warning(const std::string& sentence) {
    end_progress();
    show_lines("warning: ", sentence);
}

void Terminal::progress(const world::Progress& progress) {
    if (quiet_) return;
    const auto now = std::chrono::steady_clock::now();
    if (progress.phase != phase_) {
        if (!phase_.empty()) phase_start_ = now;  // the first phase begins with its step
        phase_ = progress.phase;
    }
    const std::string line =
        render::escaped(
        render::progress(progress, std::chrono::duration<double>(now - phase_start_).count()));
    if (interactive_) {
        show("\r  " + line + "\033[K");
        std::fflush(stderr);
        bar_shown_ = true;
    } else if (now - last_line_ >= line_interval) {
        show("  " + line + "\n");
        last_line_ = now;
    }
}

void Terminal::end_progress() {
    if (bar_shown_) show("\r\033[K");
    bar_shown_ = false;
}

}  // namespace real
