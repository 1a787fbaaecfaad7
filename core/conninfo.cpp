#include "core/conninfo.hpp"

#include <algorithm>

namespace conninfo {

namespace {

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \t\n\r\f\v'\\") != std::string_view::npos;
}

std::string escaped(std::string_view text, std::string_view special) {
    std::string result;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

// "*" alone is a wildcard and must stay one; nothing else in a password file needs more than a backslash.
std::string passfile_field(std::string_view text) { return escaped(text, ":\\"); }

}  // namespace

void Parameters::set(std::string_view keyword, std::string_view value) {
    const auto found =
        std::find_if(pairs_.begin(), pairs_.end(), [keyword](const auto& pair) { return pair.first == keyword; });
    if (value.empty()) {
        if (found != pairs_.end()) pairs_.erase(found);
    } else if (found != pairs_.end()) {
        found->second = value;
    } else {
        pairs_.emplace_back(keyword, value);
    }
}

std::string Parameters::get(std::string_view keyword) const {
    for (const auto& [name, value] : pairs_)
        if (name == keyword) return value;
    return {};
}

std::string quote(std::string_view value) {
    const std::string text = escaped(value, "'\\");
    return needs_quotes(value) ? '\'' + text + '\'' : text;
}

std::string format(const Parameters& parameters) {
    std::string text;
    for (const auto& [keyword, value] : parameters.pairs()) {
        if (!text.empty()) text += ' ';
        text += keyword + '=' + quote(value);
    }
    return text;
}

std::string passfile_line(std::string_view host, std::string_view port, std::string_view database, std::string_view user,
                          std::string_view password) {
    return passfile_field(host) + ':' + passfile_field(port) + ':' + passfile_field(database) + ':' +
           passfile_field(user) + ':' + passfile_field(password);
}

}  // namespace conninfo
