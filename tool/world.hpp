// The four seams between the tool's decisions and everything outside it. Commands and steps use these small classes
// only; tool/real/ holds the real ones, tests bring their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/conninfo.hpp"
#include "tool/render/progress.hpp"

namespace world {

using Value = std::optional<std::string>;  // nothing stands for SQL NULL

struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<Value>> rows;
    std::vector<unsigned> types = {};  // OIDs of the columns' types

    // The value of a column by name; throws std::out_of_range for an unknown column.
    const Value& at(std::size_t row, const std::string& column) const;
};

// One connection to a server.
class Session {
 public:
    virtual ~Session() = default;
    // One statement with parameters $1, $2, ... as text. Throws core::Error with the server's SQLSTATE, message, detail
    // and hint; SQLSTATE 08006 when the connection is lost or does not answer within the time limit.
    virtual Rows query(const std::string& sql, const std::vector<Value>& parameters = {}) = 0;
    // A statement with one parameter $1 of type bytea and one value of type bytea as its answer, both in binary, in two
    // halves: between them the server works on it, and nothing else may be asked. Errors as of query.
    virtual void send_bytes(const std::string& sql, const std::string& bytes) = 0;
    virtual std::string receive_bytes() = 0;
    std::string exchange(const std::string& sql, const std::string& bytes) {
        send_bytes(sql, bytes);
        return receive_bytes();
    }
    // From now on, a statement without an answer for so long is on a dead link.
    virtual void answer_within(std::chrono::seconds) {}
    // The parameters in effect (host, port, user, dbname, ...), without the password.
    virtual conninfo::Parameters parameters() const = 0;
    // The password that was used to log in; empty when none was.
    virtual std::string password() const = 0;
    virtual bool uses_tls() const = 0;
    // A SCRAM verifier for the role, computed on this side: the plain password never travels.
    virtual std::string scram_verifier(const std::string& role, const std::string& password) = 0;
};

// May a missing password be asked for on the terminal?
enum class Prompt { never, on_terminal };

class Database {
 public:
    virtual ~Database() = default;
    // Connects within connect_timeout (10 s unless the parameters say otherwise). purpose ("the primary") is for
    // messages. Throws Failure with ExitCode::connection.
    virtual std::unique_ptr<Session> connect(const conninfo::Parameters& parameters, const std::string& purpose,
                                             Prompt prompt) = 0;
    // Some server answers there, whether or not it would let anybody in (libpq-connect, PQping).
    virtual bool answers(const conninfo::Parameters&) { return false; }
};

enum class Kind { missing, directory, file, other };

// What stands in a directory, links not followed.
struct Entry {
    std::string name;
    Kind kind = Kind::other;
    bool link = false;       // kind is then other
    std::uint64_t size = 0;  // of a file
};

// A file that is open.
class OpenFile {
 public:
    virtual ~OpenFile() = default;
    // Up to size bytes from offset on; fewer at the end of the file.
    virtual std::size_t read(char* buffer, std::size_t size, std::uint64_t offset) = 0;
    // Writes pieces one behind the other, in place. Not flushed: see Files::sync_file_system.
    virtual void write(std::uint64_t offset, const std::vector<std::string_view>& pieces) = 0;
};

class Files {
 public:
    virtual ~Files() = default;
    // What path is, links followed.
    virtual Kind kind(const std::string& path) = 0;
    // The names in a directory, without . and ..
    virtual std::vector<std::string> list(const std::string& path) = 0;
    virtual std::string read(const std::string& path) = 0;
    // The text of a file that nobody else can have written: a regular file and no link, with one name, owned by this
    // process' user, mode 0600. Nothing when path is anything else or cannot be read.
    virtual std::optional<std::string> read_private(const std::string& path) = 0;
    // Writes by temporary file, fsync and rename with exactly this mode.
    virtual void write(const std::string& path, const std::string& text, unsigned mode) = 0;
    virtual void make_directory(const std::string& path, unsigned mode) = 0;
    virtual void set_mode(const std::string& path, unsigned mode) = 0;
    virtual void rename(const std::string& from, const std::string& to) = 0;
    // Removes a file or an empty directory; one that is not there is as good as removed.
    virtual void remove(const std::string& path) = 0;
    // Removes a tree; follows no links out of it.
    virtual void remove_tree(const std::string& path) = 0;
    // "DEVICE:INODE" of a directory, links not followed; empty when path is no directory.
    virtual std::string identity(const std::string& path) = 0;
    // Removes what is in the directory of that identity, lost+found left out, and follows no links; false, and nothing
    // is removed, when path is another directory or none.
    virtual bool empty_directory(const std::string& path, const std::string& identity) = 0;
    virtual void sync_directory(const std::string& path) = 0;
    // Path without links, . and ..; components that do not exist yet are allowed at its end.
    virtual std::string canonical(const std::string& path) = 0;
    virtual std::uint64_t free_bytes(const std::string& path) = 0;
    virtual bool writable(const std::string& path) = 0;
    // The path is owned by the user that this process runs as.
    virtual bool owned(const std::string& path) = 0;
    // Group or others may write to the path.
    virtual bool writable_by_others(const std::string& path) = 0;
    // Takes a lock on a directory until this process ends, which may ask for it again; false when another process has it.
    virtual bool lock_directory(const std::string& path) = 0;
    // What is in a directory, without . and .., with what it is; no link is followed.
    virtual std::vector<Entry> entries(const std::string& path) = 0;
    // Where a symbolic link leads, as it is written; empty when path is none.
    virtual std::string link_target(const std::string& path) = 0;
    virtual void make_link(const std::string& target, const std::string& path) = 0;
    // Makes a file that is not there yet; false when it is.
    virtual bool create(const std::string& path, const std::string& text, unsigned mode) = 0;
    // Files opened to be read or written in parts, for several threads at once. Null when there is no such file; one that
    // is to be written is made, with mode, when it is missing. No link is followed.
    virtual std::unique_ptr<OpenFile> open_for_reading(const std::string& path) = 0;
    virtual std::unique_ptr<OpenFile> open_for_writing(const std::string& path, unsigned mode) = 0;
    virtual void truncate(const std::string& path, std::uint64_t size) = 0;
    // Brings everything that was written to the file system of path to disk.
    virtual void sync_file_system(const std::string& path) = 0;
};

struct Command {
    std::vector<std::string> argv;                                 // argv[0] is the program's path
    std::vector<std::pair<std::string, std::string>> environment;  // added to a minimal environment without PG*
    std::string directory = {};                                    // to work in; empty: the current one
};

struct Outcome {
    int status = 0;      // exit status; 128 + signal number when killed
    std::string output;  // stdout and stderr, the last 64 kB
};

class Processes {
 public:
    virtual ~Processes() = default;
    // Runs a command in a process group of its own that ends with this process, kill -9 included. tick is called about
    // five times a second; an exception from it ends the group and passes. Throws Interrupted on a signal.
    virtual Outcome run(const Command& command, const std::function<void()>& tick = {}) = 0;
    // Runs several at the same time; their outcomes, in the same order.
    virtual std::vector<Outcome> run_all(const std::vector<Command>& commands) {
        std::vector<Outcome> outcomes;
        for (const Command& command : commands) outcomes.push_back(run(command, {}));
        return outcomes;
    }
    // Starts a server that outlives this process, its output appended to log; returns its process id.
    virtual int start_detached(const Command& command, const std::string& log) = 0;
    virtual int own_pid() = 0;
    // Processes still use the shared memory segment of that identifier (System V).
    virtual bool shared_memory_in_use(int identifier) = 0;
    // A zombie is not alive.
    virtual bool alive(int pid) = 0;
    // The number is taken still, by a process or by a zombie.
    virtual bool listed(int pid) = 0;
    // The working directory of a process, without links; empty when it cannot be told.
    virtual std::string working_directory(int pid) = 0;
    virtual void signal(int pid, int number) = 0;
    // Waits, and throws Interrupted when a signal came.
    virtual void sleep(std::chrono::milliseconds duration) = 0;
    // No server listens on this TCP port and none could be bound: false when it is taken.
    virtual bool port_free(int port) = 0;
    virtual std::string host_name() = 0;
    // Of the C library that this host's programs use, "2.36"; empty: it cannot be told.
    virtual std::string libc_version() { return {}; }
};

using Progress = render::Progress;

class Reporter {
 public:
    virtual ~Reporter() = default;
    // A step begins: one sentence.
    virtual void step(const std::string& sentence) = 0;
    // A fact of the current step.
    virtual void fact(const std::string& sentence) = 0;
    virtual void warning(const std::string& sentence) = 0;
    virtual void progress(const Progress& progress) = 0;
    // The progress of a long step is over.
    virtual void end_progress() = 0;
};

struct World {
    Database& database;
    Files& files;
    Processes& processes;
    Reporter& reporter;
};

}  // namespace world
