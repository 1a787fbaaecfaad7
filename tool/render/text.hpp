// Text from a server, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace render {

// Control characters, bytes that are not UTF-8 and marks that turn the reading direction become \x1b or
// \u202e, so that no name can move the cursor or look like another one.
std::string escaped(std::string_view text);

// Columns that escaped text takes on a terminal: East Asian wide characters and emoji two, combining marks
// none.
std::size_t columns(std::string_view text);

// Lines of at most width columns, broken at spaces and at line breaks; a longer word stays whole. 0 = no
// limit. Escapes.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// All of it in one line of at most width columns: each run of blanks and line breaks one blank, the rest escaped, and what is
// cut off three dots. width is at least 3.
std::string one_line(std::string_view text, std::size_t width);

}  // namespace render
