// A child whose whole process group ends with this process, however this process ends.
//
// Between the tool and the command stands a guardian: it starts the command in a process group of its own and holds one
// end of a pair of sockets whose other end only the tool has. When that closes (the tool ended, by kill -9 too), the
// guardian kills the group. PR_SET_PDEATHSIG alone would leave grandchildren behind, such as pg_basebackup's WAL child.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace real {

class Guardian {
   public:
    // Starts argv in directory (empty: the current one) with exactly this environment ("NAME=value"), stdin from
    // /dev/null, output into the descriptor. Throws core::Error when no process can be made.
    Guardian(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
             const std::string& directory, int output);
    // Ends the group if it still runs.
    ~Guardian();
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;

    // True when the command has ended; status() is then its exit status, or 128 + the signal that killed it.
    bool ended();
    int status() const { return status_; }

   private:
    void reap(int options);

    pid_t pid_ = -1;      // of the guardian
    pid_t command_ = -1;  // of the command, and of its process group
    int lifeline_ = -1;
    int status_ = 0;
};

// A NULL-terminated view of texts for execve, valid as long as they live.
std::vector<char*> pointers(const std::vector<std::string>& texts);

}  // namespace real
