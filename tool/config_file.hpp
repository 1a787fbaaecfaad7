// --config: a file in CLI11's own format (TOML, INI) that holds the long options of one command.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

namespace config_file {

// Gives command the options of file that its command line does not have. Throws CLI::ParseError for a file that cannot
// be read and for what the command does not know.
inline void apply(CLI::App& command, const std::string& file) {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(file)) {
        // the marks of a section: nothing to set
        if (item.name == "++" || item.name == "--") continue;
        const bool is_ours = item.parents.empty() || (item.parents.size() == 1 && item.parents[0] == command.get_name());
        if (!is_ours) continue;
        CLI::Option* option = command.get_option_no_throw("--" + item.name);
        if (option == nullptr || item.name == "config" || item.name == "help")
            throw CLI::ValidationError(file + ": " + command.get_name() + " has no option --" + item.name);
        if (option->count() > 0) continue;
        const bool is_flag = option->get_expected_min() == 0 && option->get_expected_max() == 0;
        if (is_flag && item.inputs == std::vector<std::string>{"false"}) continue;
        if (is_flag && item.inputs != std::vector<std::string>{"true"})
            throw CLI::ValidationError(file + ": " + item.name + " is true or false");
        option->add_result(item.inputs);
        option->run_callback();
    }
}

}  // namespace config_file
