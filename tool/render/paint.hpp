// Colour for what status shows to people.
#pragma once

#include <string>
#include <string_view>

namespace render {

// text with the word of health at the beginning of a line, behind the label "health" there, or at the end of a line of the tree,
// in its colour: green, yellow, red, magenta for unknown. Names from a server never stand at these places. Every line keeps its width.
std::string painted(std::string_view text);

}  // namespace render
