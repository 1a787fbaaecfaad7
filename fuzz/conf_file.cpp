// postgresql.conf as text, and one value that is written to it. Input: the file, 0x1E, the value.
#include "core/conf.hpp"
#include "core/error.hpp"
#include "core/name.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

void check_file(const std::string& file) {
    std::string joined;
    std::vector<std::string> names;
    for (const conf::Line& line : conf::parse(file)) {
        joined += line.text + '\n';
        if (!line.name.empty() && names.size() < 3) names.push_back(line.name);
    }
    if (!file.empty() && file.back() != '\n') joined.pop_back();
    holds(joined == file, "the lines are the file");
    const std::string rest = conf::without(file, names);
    for (const conf::Line& line : conf::parse(rest))
        for (const std::string& name : names) holds(line.name != name, "what is taken out is gone");
    holds(conf::without(rest, names) == rest, "and taking it out again changes nothing");
}

void check_value(const std::string& value) {
    try {
        const std::string text = "work_mem = '1'\n" + conf::line({"primary_conninfo", value}) + "port = 1\n";
        const auto lines = conf::parse(text);
        holds(lines.size() == 3, "a value stays in its line");
        holds(lines[1].name == "primary_conninfo" && lines[1].value == value, "and is read back");
    } catch (const core::Error& error) {
        holds(name::has_control_character(value), "only control characters are refused");
    }
}

}  // namespace

void conf_file(std::string_view bytes) {
    Input input(bytes);
    check_file(input.part());
    check_value(input.part());
}

}  // namespace fuzz
