#include "tool/debian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/conf.hpp"
#include "core/name.hpp"

namespace debian {

std::optional<Cluster> cluster_of(const std::string& config_dir, const std::string& root) {
    const std::filesystem::path path(config_dir), version = path.parent_path();
    if (version.parent_path().string() != root) return std::nullopt;
    const std::string number = version.filename().string(), name = path.filename().string();
    const bool digits = !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || name.empty()) return std::nullopt;
    return Cluster{number, name};
}

std::string data_directory(world::Files& files, const std::string& config_dir) {
    const std::string file = config_dir + "/postgresql.conf";
    if (files.kind(file) != world::Kind::file) return {};
    std::string found;
    for (const conf::Line& line : conf::parse(files.read(file)))
        if (line.name == "data_directory") found = line.value;
    return found;
}

std::string problem(world::Files& files, const Cluster& cluster, const std::string& config_dir, int major,
                    const std::string& data) {
    if (cluster.version != std::to_string(major))
        return fmt::format("\"{}\" is a place for clusters of version {}, and the primary has {}", config_dir, cluster.version,
                           major);
    if (files.kind(config_dir + "/postgresql.conf") != world::Kind::file) return {};
    const std::string other = data_directory(files, config_dir);
    if (other.empty() || files.canonical(other) == data) return {};
    return fmt::format("the cluster {} {} is there already, with its data in \"{}\"", cluster.version, cluster.name, other);
}

std::string start_command(const Cluster& cluster) {
    return fmt::format("pg_ctlcluster {} {} start", cluster.version, name::quote_shell(cluster.name));
}

}  // namespace debian
