// --format, for the commands whose result both people and programs read.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

enum class Format { table, json };

inline void add_format_option(CLI::App& command, Format& format) {
    static const std::map<std::string, Format> names{{"table", Format::table}, {"json", Format::json}};
    command.add_option("--format", format, "table (the default) or json")
        ->transform(CLI::CheckedTransformer(names).description(""))
        ->option_text("FORMAT");
}
