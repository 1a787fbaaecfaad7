// Addresses and networks as pg_hba.conf means them (auth-pg-hba-conf, field "address").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hba {

// The bytes of an IPv4 (the first 4) or IPv6 address in network order; unused bytes are 0.
struct Address {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};

    bool operator==(const Address&) const = default;
};

// An address and the bits of it that count. The mask need not be a prefix: pg_hba.conf takes any mask.
struct Network {
    Address address;
    Address mask;

    bool operator==(const Network&) const = default;
};

// Reads a numeric address the way the server reads that field: by getaddrinfo with AI_NUMERICHOST, so that
// "10" is 0.0.0.10 and a leading zero means octal. Nothing when it is not a numeric address, thus a host
// name.
std::optional<Address> parse_address(const std::string& text);

// The mask of a prefix length written as the server reads it ("8", "+8", "08"); nothing when it is not a
// number or out of range for the family.
std::optional<Address> parse_prefix(const std::string& text, bool v6);

// The mask whose first bits are set; bits is at most 32 or 128.
Address mask_of(int bits, bool v6);

// The number of leading one bits, or nothing when the mask is not a prefix.
std::optional<int> prefix_of(const Address& mask);

// True if every address of inner lies in outer.
bool contains(const Network& outer, const Network& inner);

// True if some address lies in both.
bool overlap(const Network& one, const Network& other);

// "10.0.0.0/24", or "10.0.0.0 mask 255.0.255.0" when the mask is not a prefix.
std::string print(const Network& network);

// "10.0.0.5", without a mask.
std::string print(const Address& address);

}  // namespace hba
