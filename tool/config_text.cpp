#include "tool/config_text.hpp"

#include "core/conf.hpp"
#include "tool/refresh_kept.hpp"

namespace config_text {

std::optional<Settings> Settings::read(world::Files& files, const server::Launch& launch) {
    const std::string main = launch.config_file.empty() ? launch.directory + "/postgresql.conf" : launch.config_file;
    if (files.kind(main) != world::Kind::file) return std::nullopt;
    Settings settings;
    for (const std::string& file : {main, launch.directory + "/postgresql.auto.conf"}) {
        if (files.kind(file) != world::Kind::file) continue;
        const std::string text = files.read(file);
        if (!refreshing::includes(text).empty()) return std::nullopt;
        for (const conf::Line& line : conf::parse(text))
            if (!line.name.empty()) settings.values_[line.name] = line.value;
    }
    return settings;
}

std::optional<std::string> Settings::value(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

bool is_plain_number(const std::string& text) {
    return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos &&
           (text == "0" || text.front() != '0');
}

}  // namespace config_text
