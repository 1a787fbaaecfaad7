#include "tool/real/processes.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "core/error.hpp"
#include "tool/real/guardian.hpp"
#include "tool/real/interrupt.hpp"

namespace real {

namespace {

constexpr std::size_t kept_output = 64 * 1024;
constexpr std::chrono::milliseconds tick_interval{200};
constexpr std::chrono::milliseconds look_interval{20};

// What a PostgreSQL program needs of ours: nothing that could send it to another server, and messages in
// English.
std::vector<std::string> minimal_environment(const world::Command& command) {
    std::vector<std::string> result{"LC_ALL=C"};
    for (const char* name : {"PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "USER", "LOGNAME"})
        if (const char* value = std::getenv(name)) result.push_back(std::string(name) + "=" + value);
    for (const auto& [name, value] : command.environment) result.push_back(name + "=" + value);
    return result;
}

[[noreturn]] void fail(const std::string& what) {
    throw core::Error(core::sqlstate::io_error, what,
                      std::string("The system says: ") + std::strerror(errno) + ".");
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
    // Returns when there is more, the command has closed its side, as most do only when they end, or the time is over.
    void wait(std::chrono::milliseconds limit) {
        pollfd reader{ends_[0], POLLIN, 0};
        if (closed_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        else poll(&reader, 1, static_cast<int>(limit.count()));
    }
    void drain() {
        std::array<char, 4096> buffer;
        ssize_t count;
        while ((count = read(ends_[0], buffer.data(), buffer.size())) > 0)
            text_.append(buffer.data(), static_cast<std::size_t>(count));
        closed_ = closed_ || count == 0;
        if (text_.size() > kept_output) text_.erase(0, text_.size() - kept_output);
    }
    const std::string& text() const { return text_; }

 private:
    std::array<int, 2> ends_{-1, -1};
    bool closed_ = false;
    std::string text_;
};

// A command that runs, and what it has said.
class Job {
 public:
    explicit Job(const world::Command& command)
        : guardian_(command.argv, minimal_environment(command), command.directory, output_.writer()) {
        output_.close_writer();
    }

    // Waits a while; true when the command has ended.
    bool ended() {
        if (guardian_.ended()) return true;
        output_.wait(look_interval);
        output_.drain();
        throw_if_interrupted();
        return false;
    }
    world::Outcome outcome() {
        output_.drain();
        return {guardian_.status(), output_.text()};
    }

 private:
    Output output_;
    Guardian guardian_;
};

[[noreturn]] void become_server(char* const* argv, char* const* environment, int log, int announce) {
    setsid();
    const pid_t server = fork();
    if (server != 0) {  // the server belongs to init, not to this session
        const bool told = write(announce, &server, sizeof server) == sizeof server;
        _exit(server > 0 && told ? 0 : 1);
    }
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_DFL);
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
    execve(argv[0], argv, environment);
    _exit(127);
}

// Where the first process of a container reaps nobody, ended servers stay in the process table for ever.
bool is_zombie(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return false;
    const auto end_of_name = line.rfind(") ");
    return end_of_name != std::string::npos && line[end_of_name + 2] == 'Z';
}

// True when an address of this family, all of this host's together, can be bound; also when the host has no
// such family.
bool can_bind(int family, const sockaddr* address, socklen_t size) {
    const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return true;
    const int yes = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    const bool bound = bind(descriptor, address, size) == 0;
    const bool taken = !bound && (errno == EADDRINUSE || errno == EACCES);
    close(descriptor);
    return !taken;
}

}  // namespace

world::Outcome ProcessTable::run(const world::Command& command, const std::function<void()>& tick) {
    Job job(command);
    auto next_tick = std::chrono::steady_clock::now() + tick_interval;
    while (!job.ended()) {
        if (!tick || std::chrono::steady_clock::now() < next_tick) continue;
        tick();
        next_tick = std::chrono::steady_clock::now() + tick_interval;
    }
    return job.outcome();
}

std::vector<world::Outcome> ProcessTable::run_all(const std::vector<world::Command>& commands) {
    std::vector<std::unique_ptr<Job>> jobs;
    for (const world::Command& command : commands) jobs.push_back(std::make_unique<Job>(command));
    std::vector<world::Outcome> outcomes;
    for (const auto& job : jobs) {
        while (!job->ended()) continue;
        outcomes.push_back(job->outcome());
    }
    return outcomes;
}

int ProcessTable::start_detached(const world::Command& command, const std::string& log) {
    const std::vector<std::string> environment = minimal_environment(command);
    const std::vector<char*> arguments = pointers(command.argv), variables = pointers(environment);
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) fail("cannot open the log file \"" + log + "\"");
    int announcement[2];
    if (pipe2(announcement, O_CLOEXEC) != 0) fail("cannot make a pipe");
    const pid_t child = fork();
    if (child == 0) become_server(arguments.data(), variables.data(), file, announcement[1]);
    close(file);
    close(announcement[1]);
    pid_t server = -1;
    const bool told = child > 0 && read(announcement[0], &server, sizeof server) == sizeof server;
    close(announcement[0]);
    if (child > 0) waitpid(child, nullptr, 0);
    if (!told || server < 0) fail("cannot start a process");
    return server;
}

int ProcessTable::own_pid() { return getpid(); }

bool ProcessTable::shared_memory_in_use(int identifier) {
    shmid_ds segment = {};
    // one that cannot be looked at is there, and somebody else's
    if (shmctl(identifier, IPC_STAT, &segment) != 0) return errno == EACCES;
    return segment.shm_nattch > 0;
}

bool ProcessTable::alive(int pid) { return listed(pid) && !is_zombie(pid); }

bool ProcessTable::listed(int pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

std::string ProcessTable::working_directory(int pid) {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", error).string();
}

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
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    sockaddr_in6 address6 = {};
    address6.sin6_family = AF_INET6;
    address6.sin6_port = address.sin_port;
    address6.sin6_addr = in6addr_any;
    return can_bind(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address) &&
           can_bind(AF_INET6, reinterpret_cast<const sockaddr*>(&address6), sizeof address6);
}

// "glibc 2.36"; other C libraries know no such name.
std::string ProcessTable::libc_version() {
#ifdef _CS_GNU_LIBC_VERSION
    char text[64] = "";
    if (confstr(_CS_GNU_LIBC_VERSION, text, sizeof text) == 0) return {};
    const std::string version = text;
    if (version.rfind("glibc ", 0) == 0) return version.substr(6);
#endif
    return {};
}

std::string ProcessTable::host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "standby";
    return name.data();
}

}  // namespace real
