// Functions that must hold for any input. Each is driven twice: by libFuzzer (script/fuzz), and by replay_test.cpp, which
// runs the corpus as a unit test so that no target rots.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

// Ends the process when a property does not hold: what both drivers take for a failure.
inline void holds(bool property, const char* what) {
    if (property) return;
    std::fprintf(stderr, "property does not hold: %s\n", what);
    std::abort();
}

// Cuts the input of a target into the values that it needs.
class Input {
 public:
    explicit Input(std::string_view rest) : rest_(rest) {}

    // One byte; 0 when none is left.
    unsigned byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    // What stands before the next byte 0x1E, or all that is left.
    std::string part() {
        const std::size_t end = rest_.find('\x1e');
        std::string value(rest_.substr(0, end));
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return value;
    }
    bool empty() const { return rest_.empty(); }

 private:
    std::string_view rest_;
};

using Target = void (*)(std::string_view input);

void hba_file(std::string_view input);
void hba_entry(std::string_view input);
void hba_address(std::string_view input);
void conf_file(std::string_view input);
void conninfo_quote(std::string_view input);
void synchronous_names(std::string_view input);
void lsn_position(std::string_view input);
void name_quote(std::string_view input);
void settings_size(std::string_view input);
void refresh_request(std::string_view input);

struct Named {
    const char* name;
    Target run;
};

inline constexpr Named targets[] = {
    {"hba_file", hba_file},           {"hba_entry", hba_entry},
    {"hba_address", hba_address},     {"conf_file", conf_file},
    {"conninfo_quote", conninfo_quote}, {"synchronous_names", synchronous_names},
    {"lsn_position", lsn_position},   {"name_quote", name_quote},
    {"settings_size", settings_size}, {"refresh_request", refresh_request},
};

}  // namespace fuzz
