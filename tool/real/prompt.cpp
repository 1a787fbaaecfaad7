#include "tool/real/prompt.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "tool/real/interrupt.hpp"

namespace real {

namespace {

// The controlling terminal with its echo off; both are put back on every way out.
class SilentTerminal {
   public:
    SilentTerminal() : descriptor_(open("/dev/tty", O_RDWR | O_CLOEXEC)) {
        if (descriptor_ < 0) return;
        tcgetattr(descriptor_, &before_);
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(descriptor_, TCSAFLUSH, &silent);
    }
    ~SilentTerminal() {
        if (descriptor_ < 0) return;
        tcsetattr(descriptor_, TCSAFLUSH, &before_);
        close(descriptor_);
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;

    bool there() const { return descriptor_ >= 0; }
    void say(const std::string& text) const {
        if (write(descriptor_, text.data(), text.size()) < 0) return;
    }
    // One character; 0 at the end of input or after a signal.
    char next() const {
        char c = 0;
        return read(descriptor_, &c, 1) == 1 ? c : '\0';
    }

   private:
    int descriptor_;
    termios before_ = {};
};

}  // namespace

std::optional<std::string> ask_password(const std::string& question) {
    const SilentTerminal terminal;
    if (!terminal.there()) return std::nullopt;
    terminal.say(question);
    std::string typed;
    for (char c = terminal.next(); c != '\0' && c != '\n'; c = terminal.next()) typed += c;
    terminal.say("\n");
    throw_if_interrupted();
    return typed;
}

}  // namespace real
