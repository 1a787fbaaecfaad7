// Values of postgresql.conf as they are compared. Input: the value.
#include "core/settings.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

void settings_size(std::string_view bytes) {
    for (const std::string_view name : settings::names) settings::measure(name, bytes);
    const auto size = settings::megabytes(bytes);
    if (!size) return;
    const std::string again = std::to_string(*size) + "MB";
    holds(settings::megabytes(again) == *size, "megabytes are megabytes");
}

}  // namespace fuzz
