#include "core/hba_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace hba {

namespace {

std::size_t length_of(const Address& address) { return address.v6 ? 16 : 4; }

Address from_socket_address(const sockaddr* socket) {
    Address address;
    address.v6 = socket->sa_family == AF_INET6;
    if (address.v6)
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr, 16);
    else
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(socket)->sin_addr, 4);
    return address;
}

}  // namespace

std::optional<Address> parse_address(const std::string& text) {
    if (text.empty() || text.find('\0') != std::string::npos) return std::nullopt;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    hints.ai_family = AF_UNSPEC;
    addrinfo* found = nullptr;
    if (getaddrinfo(text.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) return std::nullopt;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    return from_socket_address(found->ai_addr);
}

std::optional<Address> parse_prefix(const std::string& text, bool v6) {
    if (text.empty()) return std::nullopt;
    char* end = nullptr;
    const long bits = std::strtol(text.c_str(), &end, 10);
    if (*end != '\0' || bits < 0 || bits > (v6 ? 128 : 32)) return std::nullopt;
    return mask_of(static_cast<int>(bits), v6);
}

Address mask_of(int bits, bool v6) {
    Address mask;
    mask.v6 = v6;
    for (int bit = 0; bit < bits; ++bit)
        mask.bytes[bit / 8] = static_cast<std::uint8_t>(mask.bytes[bit / 8] | (0x80U >> (bit % 8)));
    return mask;
}

std::optional<int> prefix_of(const Address& mask) {
    int bits = 0;
    const int most = mask.v6 ? 128 : 32;
    while (bits < most && (mask.bytes[bits / 8] & (0x80U >> (bits % 8))) != 0) ++bits;
    if (mask_of(bits, mask.v6) != mask) return std::nullopt;
    return bits;
}

bool contains(const Network& outer, const Network& inner) {
    if (outer.address.v6 != inner.address.v6) return false;
    for (std::size_t i = 0; i < length_of(outer.address); ++i) {
        const unsigned outer_mask = outer.mask.bytes[i];
        if ((outer_mask & inner.mask.bytes[i]) != outer_mask) return false;
        if (((outer.address.bytes[i] ^ inner.address.bytes[i]) & outer_mask) != 0) return false;
    }
    return true;
}

bool overlap(const Network& one, const Network& other) {
    if (one.address.v6 != other.address.v6) return false;
    for (std::size_t i = 0; i < length_of(one.address); ++i) {
        const unsigned both = one.mask.bytes[i] & other.mask.bytes[i];
        if (((one.address.bytes[i] ^ other.address.bytes[i]) & both) != 0) return false;
    }
    return true;
}

std::string print(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
    return text;
}

std::string print(const Network& network) {
    if (const auto bits = prefix_of(network.mask)) return fmt::format("{}/{}", print(network.address), *bits);
    return fmt::format("{} mask {}", print(network.address), print(network.mask));
}

}  // namespace hba
