// --format, for the commands whose result both people and programs read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

enum class Format { table, json };

inline void add_format_option(CLI::App& command, Format& format) {
    command
        .add_option_function<std::string>(
            "--format",
            [&format](const std::string& word) {
                if (word != "table" && word != "json")
                    throw CLI::ValidationError("--format is table or json, not \"" + word + "\"");
                format = word == "json" ? Format::json : Format::table;
            },
            "table (the default) or json")
        ->option_text("FORMAT");
}
