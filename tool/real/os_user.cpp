#include "tool/real/os_user.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tool/failure.hpp"

namespace real {

namespace {

void switch_to(const passwd& entry) {
    const bool done = initgroups(entry.pw_name, entry.pw_gid) == 0 && setgid(entry.pw_gid) == 0 && setuid(entry.pw_uid) == 0;
    if (!done)
        throw refused(fmt::format("cannot become the user \"{}\"", entry.pw_name),
                      fmt::format("The system says: {}.", std::strerror(errno)), "Run the command as that user itself.");
    setenv("HOME", entry.pw_dir, 1);
    setenv("USER", entry.pw_name, 1);
    setenv("LOGNAME", entry.pw_name, 1);
    if (chdir("/") != 0) return;
}

}  // namespace

void become(const std::string& user) {
    if (geteuid() != 0 && user.empty()) return;
    if (user.empty())
        throw Failure(ExitCode::usage, "this command must not run as root",
                      "PostgreSQL refuses to run as root, and the standby's files must belong to the user that runs it.",
                      "Add --os-user postgres, or run it as that user: sudo -u postgres pg_replica ...");
    const passwd* entry = getpwnam(user.c_str());
    if (entry == nullptr || entry->pw_uid == 0)
        throw refused(fmt::format("\"{}\" is no user that a server can run as", user), "It is unknown to this host, or root.",
                      "Name the user that runs PostgreSQL here, usually postgres.");
    if (entry->pw_uid != geteuid()) switch_to(*entry);
}

}  // namespace real
