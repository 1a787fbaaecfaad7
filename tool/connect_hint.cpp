#include "tool/connect_hint.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/conninfo.hpp"
#include "core/name.hpp"

namespace connect_hint {

namespace {

// libpq looks for "localhost" when the socket is in its default directory, which it does not tell; "*" always fits.
std::string host_field(const Facts& facts) {
    if (facts.host.empty()) return "localhost";
    return facts.host[0] == '/' ? "*" : facts.host;
}

std::string line_for(const Facts& facts) {
    return conninfo::passfile_line(host_field(facts), facts.port, facts.database, facts.user, "PASSWORD");
}

std::string missing_password(const Facts& facts) {
    const std::string file = name::quote_shell(facts.passfile);
    switch (facts.state) {
        case Passfile::open_to_others:
            return fmt::format("libpq ignores the password file because others may read it; run: chmod 600 {}", file);
        case Passfile::no_plain_file:
            return fmt::format("libpq ignores {} because it is no plain file; name another one with PGPASSFILE.", file);
        case Passfile::unreadable:
            return fmt::format("This user may not read the password file {}; make it this user's own, with mode 0600.",
                               file);
        case Passfile::readable:
            return fmt::format("No line of the password file {} fits; add this one, with the password: {}", file,
                               line_for(facts));
        case Passfile::missing:
            return fmt::format(
                "Write the line {} with the password into the file {} (chmod 600), or name the password file with "
                "PGPASSFILE, or run without -w on a terminal to be asked.",
                line_for(facts), file);
        case Passfile::unknown: break;
    }
    return fmt::format("Write the line {} with the password into a file (chmod 600) and name it with PGPASSFILE.",
                       line_for(facts));
}

}  // namespace

Passfile look_at(const std::string& path) {
    if (path.empty()) return Passfile::unknown;
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) return Passfile::missing;
    if (!S_ISREG(status.st_mode)) return Passfile::no_plain_file;
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return Passfile::open_to_others;
    return access(path.c_str(), R_OK) == 0 ? Passfile::readable : Passfile::unreadable;
}

std::string text(const Facts& facts) {
    if (!facts.host.empty() && facts.host[0] == '[') return "Write an IPv6 address without brackets: -h ::1";
    if (facts.needs_password) return missing_password(facts);
    if (facts.used_password)
        return fmt::format(
            "The message above is the server's or libpq's own. When it is about authentication, the password may be "
            "wrong or expired{}; otherwise check -d and -U, and that max_connections leaves a connection free. The "
            "server's log may tell more.",
            facts.state == Passfile::readable
                ? fmt::format(", or an earlier line of {} fits, too", name::quote_shell(facts.passfile))
                : "");
    return "When no server answered, check -h and -p, that the server runs, and that its listen_addresses covers this "
           "address; when the server refused, check -d, -U, the lines of its pg_hba.conf, and that max_connections "
           "leaves a connection free.";
}

}  // namespace connect_hint
