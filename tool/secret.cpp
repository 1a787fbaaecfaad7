#include "tool/secret.hpp"

#include <sys/random.h>

#include <string_view>

#include "core/error.hpp"

namespace secret {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t length = 40;

unsigned char random_byte() {
    unsigned char byte = 0;
    if (getrandom(&byte, 1, 0) == 1) return byte;
    throw core::Error(core::sqlstate::io_error, "cannot read random bytes from the system");
}

}  // namespace

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
