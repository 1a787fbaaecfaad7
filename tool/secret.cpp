#include "tool/secret.hpp"

#include <sys/random.h>

#include <algorithm>
#include <string_view>

#include "core/error.hpp"

namespace secret {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t length = 40;

unsigned char random_byte() {
    unsigned char byte = 0;
    fill(&byte, 1);
    return byte;
}

}  // namespace

void fill(unsigned char* bytes, std::size_t count) {
    // up to 256 bytes come at once
    for (std::size_t done = 0; done < count;) {
        const ssize_t got = getrandom(bytes + done, std::min<std::size_t>(count - done, 256), 0);
        if (got <= 0) throw core::Error(core::sqlstate::io_error, "cannot read random bytes from the system");
        done += static_cast<std::size_t>(got);
    }
}

std::string generate() {
    constexpr unsigned fair = 256 - 256 % alphabet.size();  // above it, some letters would be likelier
    std::string text;
    while (text.size() < length) {
        const unsigned byte = random_byte();
        if (byte < fair) text += alphabet[byte % alphabet.size()];
    }
    return text;
}

}  // namespace secret
