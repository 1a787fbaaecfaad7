// What a server's configuration files say, read off them: postgres -C starts a program for each value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tool/server.hpp"

namespace config_text {

class Settings {
 public:
    // postgresql.conf and postgresql.auto.conf of a server; nothing where the first is missing or includes other files:
    // there only the server's own program can tell.
    static std::optional<Settings> read(world::Files& files, const server::Launch& launch);

    // As the last line that sets it has it; nothing when none does, which leaves the server's default.
    std::optional<std::string> value(const std::string& name) const;

 private:
    std::map<std::string, std::string> values_;
};

// True for plain decimal digits: a number that every reader takes for the same.
bool is_plain_number(const std::string& text);

}  // namespace config_text
