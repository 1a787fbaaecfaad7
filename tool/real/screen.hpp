// A screen that is drawn again and again: the alternate screen of a terminal, or plain output where there is none.
#pragma once

#include <string>

namespace real {

// stdout is a terminal that shows colours, and nobody has forbidden them (NO_COLOR, no-color.org).
bool output_has_colour();

class Screen {
   public:
    Screen();
    // Leaves the alternate screen; what the terminal showed before is there again.
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Replaces what is shown, cut to the height of the terminal; without one, appends.
    void show(const std::string& text);

   private:
    bool interactive_;
};

}  // namespace real
