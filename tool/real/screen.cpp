#include "tool/real/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace real {

namespace {

// console_codes(4), ECMA-48 and the private modes that every terminal of this century knows
constexpr const char* enter = "\x1b[?1049h\x1b[?25l";
constexpr const char* leave = "\x1b[?25h\x1b[?1049l";
constexpr const char* home = "\x1b[H";
constexpr const char* clear_rest_of_line = "\x1b[K";
constexpr const char* clear_below = "\x1b[J";

void put(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

std::size_t height() {
    winsize size = {};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : 24;
}

// Line by line over what is there: nothing flickers, as nothing is empty in between.
std::string frame(const std::string& text, std::size_t rows) {
    std::string result = home;
    std::istringstream lines(text);
    std::size_t row = 0;
    for (std::string line; std::getline(lines, line); ++row) {
        const bool last = row + 1 == rows;
        result += (last && lines.peek() != std::istringstream::traits_type::eof() ? "..." : line) + clear_rest_of_line;
        if (last) break;
        result += "\r\n";
    }
    return result + clear_below;
}

}  // namespace

bool output_has_colour() {
    const char *forbidden = std::getenv("NO_COLOR"), *kind = std::getenv("TERM");
    if (forbidden != nullptr && *forbidden != '\0') return false;
    return isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

Screen::Screen() : interactive_(isatty(STDOUT_FILENO) != 0) {
    if (interactive_) put(enter);
}

Screen::~Screen() {
    if (interactive_) put(leave);
}

void Screen::show(const std::string& text) { put(interactive_ ? frame(text, height()) : text); }

}  // namespace real
