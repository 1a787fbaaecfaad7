#include "tool/guard.hpp"

#include <fmt/format.h>

#include <sstream>

#include "core/conf.hpp"
#include "core/name.hpp"
#include "tool/failure.hpp"
#include "tool/refresh_marker.hpp"
#include "tool/rejoin_area.hpp"
#include "tool/target.hpp"

namespace guard {

namespace {

bool there(world::Files& files, const std::string& path) { return files.kind(path) != world::Kind::missing; }

void append_lines(std::vector<std::string>& peers, const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto start = line.find_first_not_of(" \t\r");
        if (start != std::string::npos && line[start] != '#') peers.push_back(line.substr(start));
    }
}

}  // namespace

Kind look(world::Files& files, const std::string& directory) {
    if (there(files, target::marker_path(directory)) || there(files, refreshing::marker_path(directory)) ||
        rejoin_area::look(files, directory) != rejoin_area::Stage::none)
        return Kind::unfinished;
    for (const char* signal : {"/standby.signal", "/recovery.signal"})
        if (there(files, directory + signal)) return Kind::standby;
    return Kind::primary;
}

std::vector<std::string> known_peers(world::Files& files, const std::string& directory) {
    std::vector<std::string> peers;
    if (files.kind(directory + "/" + peers_file) == world::Kind::file)
        append_lines(peers, files.read(directory + "/" + peers_file));
    const std::string conf = directory + "/postgresql.auto.conf";
    if (files.kind(conf) != world::Kind::file) return peers;
    std::string last;
    for (const conf::Line& line : conf::parse(files.read(conf)))
        if (line.name == "primary_conninfo") last = line.value;
    if (!last.empty()) peers.push_back(last);
    return peers;
}

void check(const Own& own, const peer::Answer& answer, const std::string& place, const std::string& directory) {
    if (!answer.is_primary() || answer.system_identifier != own.system_identifier || answer.timeline < own.timeline) return;
    throw refused(fmt::format("\"{}\" must not start as a primary: {} is the primary of this cluster", directory, place),
                  fmt::format("That server is on timeline {} at {}, and this directory on timeline {}.", answer.timeline,
                              answer.position, own.timeline),
                  fmt::format("Make it a standby: pg_replica rejoin -D {} with -h and -p of that server.",
                              name::quote_shell(directory)));
}

}  // namespace guard
