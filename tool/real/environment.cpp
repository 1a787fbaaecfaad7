#include "tool/real/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace real {

void forget_libpq_variables(const std::vector<std::string>& kept) {
    std::vector<std::string> names;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        if (text.rfind("PG", 0) == 0) names.push_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : names)
        if (std::find(kept.begin(), kept.end(), name) == kept.end()) unsetenv(name.c_str());
}

}  // namespace real
