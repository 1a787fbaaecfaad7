#include "tool/real/processes.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "core/error.hpp"
#include "tool/real/guardian.hpp"
#include "tool/real/interrupt.hpp"

namespace real {

namespace {

constexpr std::size_t kept_output = 64 * 1024;
constexpr std::chrono::milliseconds tick_interval{200};
constexpr std::chrono::milliseconds look_interval{20};

// What a PostgreSQL program needs of ours: nothing that could send it to another server, and messages in English.
std::vector<std::string> minimal_environment(const world::Command& command) {
    std::vector<std::string> result{"LC_ALL=C"};
    for (const char* name : {"PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "USER", "LOGNAME"})
        if (const char* value = std::getenv(name)) result.push_back(std::string(name) + "=" + value);
    for (const auto& [name, value] : command.environment) result.push_back(name + "=" + value);
    return result;
}

[[noreturn]] void fail(const std::string& what) {
    throw core::Error(core::sqlstate::io_error, what, std::string("The system says: ") + std::strerror(errno) + ".");
}

// The reading end of a pipe from the command; the end of it is kept.
class Output {
   public:
    Output() {
        if (pipe2(ends_.data(), O_CLOEXEC) != 0) fail("cannot make a pipe");
        fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    }
    ~Output() {
        close(ends_[0]);
        close_writer();
    }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    int writer() const { return ends_[1]; }
    void close_writer() {
        if (ends_[1] >= 0) close(ends_[1]);
        ends_[1] = -1;
    }
    void drain() {
        std::array<char, 4096> buffer;
        for (ssize_t count; (count = read(ends_[0], buffer.data(), buffer.size())) > 0;)
            text_.append(buffer.data(), static_cast<std::size_t>(count));
        if (text_.size() > kept_output) text_.erase(0, text_.size() - kept_output);
    }
    const std::string& text() const { return text_; }

   private:
    std::array<int, 2> ends_{-1, -1};
    std::string text_;
};

[[noreturn]] void become_server(char* const* argv, char* const* environment, int log) {
    setsid();
    if (fork() != 0) _exit(0);  // the server belongs to init, not to this session
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_DFL);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
    execve(argv[0], argv, environment);
    _exit(127);
}

}  // namespace

world::Outcome ProcessTable::run(const world::Command& command, const std::function<void()>& tick) {
    Output output;
    Guardian guardian(command.argv, minimal_environment(command), command.directory, output.writer());
    output.close_writer();
    auto next_tick = std::chrono::steady_clock::now() + tick_interval;
    while (!guardian.ended()) {
        std::this_thread::sleep_for(look_interval);
        output.drain();
        throw_if_interrupted();
        if (!tick || std::chrono::steady_clock::now() < next_tick) continue;
        tick();
        next_tick = std::chrono::steady_clock::now() + tick_interval;
    }
    output.drain();
    return {guardian.status(), output.text()};
}

void ProcessTable::start_detached(const world::Command& command, const std::string& log) {
    const std::vector<std::string> environment = minimal_environment(command);
    const std::vector<char*> arguments = pointers(command.argv), variables = pointers(environment);
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot open the log file \"" + log + "\"");
    const pid_t child = fork();
    if (child == 0) become_server(arguments.data(), variables.data(), file);
    close(file);
    if (child < 0) fail("cannot start a process");
    waitpid(child, nullptr, 0);
}

bool ProcessTable::alive(int pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

void ProcessTable::signal(int pid, int number) { kill(pid, number); }

void ProcessTable::sleep(std::chrono::milliseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
        throw_if_interrupted();
        std::this_thread::sleep_for(std::min(duration, look_interval));
    }
    throw_if_interrupted();
}

bool ProcessTable::port_free(int port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return true;
    const int yes = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    const bool is_free = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(descriptor);
    return is_free;
}

std::string ProcessTable::host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "standby";
    return name.data();
}

}  // namespace real
