// Addresses and networks as pg_hba.conf writes them. Input: two addresses with prefixes: address, 0x1E, prefix, 0x1E, ...
#include "core/hba_address.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

std::optional<hba::Network> read(Input& input) {
    const std::string text = input.part();
    const std::string prefix = input.part();
    const auto address = hba::parse_address(text);
    if (!address) return std::nullopt;
    const auto mask = hba::parse_prefix(prefix, address->v6);
    if (!mask) return std::nullopt;
    holds(hba::parse_address(hba::print(*address)) == *address, "a printed address is read back");
    holds(hba::prefix_of(*mask).has_value(), "the mask of a prefix is one");
    holds(hba::mask_of(*hba::prefix_of(*mask), mask->v6) == *mask, "and its prefix is read back");
    const hba::Network network{*address, *mask};
    holds(hba::contains(network, network) && hba::overlap(network, network), "a network contains itself");
    return network;
}

}  // namespace

void hba_address(std::string_view bytes) {
    Input input(bytes);
    const auto one = read(input);
    const auto other = read(input);
    if (!one || !other) return;
    holds(hba::overlap(*one, *other) == hba::overlap(*other, *one), "overlap has no direction");
    if (hba::contains(*one, *other)) holds(hba::overlap(*one, *other), "what is contained overlaps");
    const hba::Network odd{one->address, other->address};
    holds(hba::prefix_of(odd.mask).has_value() || hba::print(odd).find(" mask ") != std::string::npos,
          "a mask that is no prefix is printed as one");
}

}  // namespace fuzz
