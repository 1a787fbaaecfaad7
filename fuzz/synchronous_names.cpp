// synchronous_standby_names. Input: a setting, then names that are quoted and read back, separated by 0x1E.
#include "core/synchronous.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

void check_read_back(const std::vector<std::string>& names) {
    const auto found = synchronous::parse(synchronous::text({true, 1, names}));
    holds(found && found->quorum && found->required == 1 && found->names == names, "quoted names are read back");
    for (const std::string& name : names) holds(synchronous::lists(*found, name), "and are listed");
}

}  // namespace

void synchronous_names(std::string_view bytes) {
    Input input(bytes);
    if (const auto found = synchronous::parse(input.part())) {
        holds(found->required >= 0 && (found->required == 0) == found->names.empty(), "names need a number");
        for (const std::string& name : found->names) holds(!name.empty(), "no name is empty");
    }
    std::vector<std::string> names;
    while (!input.empty() && names.size() < 20)
        if (std::string name = input.part(); !name.empty()) names.push_back(name);
    if (!names.empty()) check_read_back(names);
}

}  // namespace fuzz
