#include "tool/real/environment.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace real {

void forget_libpq_variables() {
    std::vector<std::string> names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        if (text.rfind("PG", 0) == 0) names.push_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : names) unsetenv(name.c_str());
}

}  // namespace real
