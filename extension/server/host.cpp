#include "extension/server/host.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/statvfs.h>

#include <cstring>
#include <memory>
#include <optional>

namespace host {

namespace {

std::optional<hba::Address> address_of(const sockaddr* socket) {
    if (socket == nullptr) return std::nullopt;
    hba::Address address;
    address.v6 = socket->sa_family == AF_INET6;
    if (address.v6)
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr, 16);
    else if (socket->sa_family == AF_INET)
        std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(socket)->sin_addr, 4);
    else
        return std::nullopt;
    return address;
}

// A mask that says nothing counts as a full one, as in the server's own walk over the interfaces.
hba::Address mask_of(const sockaddr* socket, const hba::Address& address) {
    const auto mask = address_of(socket);
    const hba::Address nothing = hba::mask_of(0, address.v6);
    if (!mask || *mask == nothing || mask->v6 != address.v6)
        return hba::mask_of(address.v6 ? 128 : 32, address.v6);
    return *mask;
}

}  // namespace

std::vector<hba::Network> interfaces() {
    std::vector<hba::Network> result;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return result;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, ::freeifaddrs);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next)
        if (const auto address = address_of(one->ifa_addr))
            result.push_back({*address, mask_of(one->ifa_netmask, *address)});
    return result;
}

std::optional<Space> space_at(const std::string& path) {
    struct statvfs system = {};
    if (::statvfs(path.c_str(), &system) != 0) return std::nullopt;
    const auto block = static_cast<std::int64_t>(system.f_frsize);
    return Space{static_cast<std::int64_t>(system.f_bavail) * block,
                 static_cast<std::int64_t>(system.f_blocks) * block};
}

}  // namespace host
