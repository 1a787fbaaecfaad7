#include "tool/programs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>  // join, since fmt 11

#include <charconv>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "tool/failure.hpp"

namespace programs {

namespace {

std::vector<std::string> candidates(int major) {
    std::vector<std::string> folders{fmt::format("/usr/lib/postgresql/{}/bin", major),
                                     fmt::format("/usr/pgsql-{}/bin", major),
                                     fmt::format("/usr/local/pgsql-{}/bin", major), "/usr/local/pgsql/bin",
                                     fmt::format("/opt/homebrew/opt/postgresql@{}/bin", major)};
    const char* path = std::getenv("PATH");
    std::stringstream entries(path == nullptr ? "" : path);
    for (std::string folder; std::getline(entries, folder, ':');)
        if (!folder.empty() && folder.front() == '/') folders.push_back(folder);
    return folders;
}

bool is_complete(world::World& world, const std::string& folder) {
    for (const char* program : {"postgres", "pg_basebackup", "pg_verifybackup"})
        if (world.files.kind(folder + "/" + program) != world::Kind::file) return false;
    return true;
}

}  // namespace

int major_version(world::World& world, const std::string& program) {
    const std::string text = world.processes.run({{program, "--version"}, {}}).output;
    const auto digits = text.find_first_of("0123456789");
    int major = 0;
    if (digits != std::string::npos) std::from_chars(text.data() + digits, text.data() + text.size(), major);
    return major;
}

std::string find(world::World& world, int major, const std::string& bin_dir) {
    const auto folders = bin_dir.empty() ? candidates(major) : std::vector<std::string>{bin_dir};
    std::string seen;
    for (const std::string& folder : folders) {
        if (!is_complete(world, folder)) continue;
        const int found = major_version(world, folder + "/postgres");
        if (found == major) return folder;
        seen += fmt::format(" {} holds version {}.", folder, found);
    }
    throw refused(fmt::format("the programs of PostgreSQL {} are not on this host", major),
                  fmt::format("postgres, pg_basebackup and pg_verifybackup of major version {} were not found together "
                              "in {}.{}", major, fmt::join(folders, ", "), seen),
                  fmt::format("Install the server package of PostgreSQL {}, for example apt-get install postgresql-{}, "
                              "or name its folder with --bindir.", major, major));
}

}  // namespace programs
