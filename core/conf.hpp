// postgresql.conf and postgresql.auto.conf as text (config-setting): the settings that a standby inherits with the copy,
// and the ones that it gets for itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conf {

struct Setting {
    std::string name;
    std::string value;  // without quotes
};

// value as a quoted setting value: "it's" -> "'it''s'". Throws core::Error (22023) for control characters, which would
// end the line.
std::string quote(std::string_view value);

// "name = 'value'" with a line break.
std::string line(const Setting& setting);

// The lines of a configuration file in order, with the name that each sets in lower case; comments, includes and empty
// lines have an empty name. The value is unquoted as the server reads it.
struct Line {
    std::string name;
    std::string value;
    std::string text;
};
std::vector<Line> parse(std::string_view file);

// file without the lines that set any of names.
std::string without(std::string_view file, const std::vector<std::string>& names);

// current with the lines of before that set any of names in place of its own; before itself where nothing else differs.
std::string with_lines_of(std::string_view before, std::string_view current, const std::vector<std::string>& names);

}  // namespace conf
