#include "tool/real/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/error.hpp"

namespace real {

namespace {

constexpr int cannot_execute = 127;

struct Launch {
    char* const* argv;
    char* const* environment;
    const char* directory;
    int output;
    int lifeline;
};

// From here to the end of the block: between fork and exec, where only async-signal-safe calls are allowed.

void restore_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) std::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become_command(const Launch& launch) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    restore_signals();
    if (*launch.directory != '\0' && chdir(launch.directory) != 0) _exit(cannot_execute);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(launch.output, STDOUT_FILENO);
    dup2(launch.output, STDERR_FILENO);
    execve(launch.argv[0], launch.argv, launch.environment);
    const char text[] = "cannot execute the program\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(cannot_execute);
    _exit(cannot_execute);
}

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

void drain(int descriptor) {
    char bytes[16];
    while (read(descriptor, bytes, sizeof bytes) > 0) continue;
}

// Waits for the command or for the end of the tool, whichever comes first. The command's last act may be to
// leave a grandchild behind: the group is killed in both cases.
[[noreturn]] void guard(pid_t command, int lifeline, int child_signal) {
    pollfd watched[2] = {{lifeline, POLLIN, 0}, {child_signal, POLLIN, 0}};
    int status = 0;
    for (;;) {
        const bool tool_gone = poll(watched, 2, 1000) > 0 && watched[0].revents != 0;
        if (tool_gone) kill(-command, SIGKILL);
        drain(child_signal);  // a command that was stopped and continued has sent signals, too
        const pid_t reaped = waitpid(command, &status, tool_gone ? 0 : WNOHANG);
        if (reaped == command || tool_gone) break;
    }
    kill(-command, SIGKILL);
    _exit(exit_status(status));
}

int child_signal_pipe[2];
extern "C" void note_child(int) {
    const char byte = 0;
    if (write(child_signal_pipe[1], &byte, 1) < 0) return;
}

[[noreturn]] void become_guardian(const Launch& launch) {
    setpgid(0, 0);  // a Ctrl-C on the terminal is for the tool, which decides
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
    if (pipe2(child_signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) _exit(cannot_execute);
    std::signal(SIGCHLD, note_child);
    const pid_t command = fork();
    if (command < 0) _exit(cannot_execute);
    if (command == 0) become_command(launch);
    setpgid(command, command);
    close(launch.output);
    if (write(launch.lifeline, &command, sizeof command) < 0) _exit(cannot_execute);
    guard(command, launch.lifeline, child_signal_pipe[0]);
}

// End of the block.

[[noreturn]] void fail(const char* what) {
    throw core::Error(core::sqlstate::io_error, what,
                      std::string("The system says: ") + std::strerror(errno) + ".",
                      "Check the limits on processes and open files of this user (ulimit -u, ulimit -n).");
}

}  // namespace

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

Guardian::Guardian(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                   const std::string& directory, int output) {
    const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
    int lifeline[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) != 0) fail("cannot make a pair of sockets");
    pid_ = fork();
    if (pid_ < 0) fail("cannot start a process");
    if (pid_ == 0) {
        close(lifeline[1]);
        become_guardian({arguments.data(), variables.data(), directory.c_str(), output, lifeline[0]});
    }
    close(lifeline[0]);
    lifeline_ = lifeline[1];
    if (read(lifeline_, &command_, sizeof command_) != sizeof command_) command_ = -1;
}

void Guardian::reap(int options) {
    int status = 0;
    pid_t reaped = -1;
    do reaped = waitpid(pid_, &status, options);
    while (reaped < 0 && errno == EINTR);
    if (reaped != pid_) return;
    status_ = exit_status(status);
    pid_ = -1;
    // somebody killed the guardian itself: the group is ours to end
    if (WIFSIGNALED(status) && command_ > 0) kill(-command_, SIGKILL);
}

bool Guardian::ended() {
    if (pid_ > 0) reap(WNOHANG);
    return pid_ < 0;
}

Guardian::~Guardian() {
    close(lifeline_);
    if (pid_ > 0) reap(0);
}

}  // namespace real
