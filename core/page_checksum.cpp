#include "core/page_checksum.hpp"

#include <array>
#include <cstring>

namespace page_checksum {

namespace {

constexpr std::size_t sums = 32;
constexpr std::size_t row = sums * sizeof(std::uint32_t);
constexpr std::uint32_t prime = 16777619;

using Sums = std::array<std::uint32_t, sums>;
using Word __attribute__((may_alias)) = std::uint32_t;  // a number in a block

constexpr Sums initial = {
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};

// Written so that compilers make vector instructions of it; always inlined, for each kind of processor anew.
__attribute__((always_inline)) inline void mix(std::uint32_t* state, const Word* values) {
    for (std::size_t i = 0; i < sums; ++i) {
        const std::uint32_t mixed = state[i] ^ values[i];
        state[i] = mixed * prime ^ (mixed >> 17);
    }
}

__attribute__((always_inline)) inline std::uint32_t sum_up(const char* block, std::size_t size) {
    Sums state = initial, first;
    std::memcpy(first.data(), block, row);
    std::memset(reinterpret_cast<char*>(first.data()) + place, 0, sizeof(std::uint16_t));
    mix(state.data(), first.data());
    for (std::size_t at = row; at < size; at += row) mix(state.data(), reinterpret_cast<const Word*>(block + at));
    first.fill(0);
    mix(state.data(), first.data());
    mix(state.data(), first.data());
    std::uint32_t result = 0;
    for (const std::uint32_t each : state) result ^= each;
    return result;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) std::uint32_t sum_up_avx2(const char* block, std::size_t size) { return sum_up(block, size); }

bool has_avx2() {
    static const bool has = __builtin_cpu_supports("avx2") != 0;
    return has;
}
#else
std::uint32_t sum_up_avx2(const char* block, std::size_t size) { return sum_up(block, size); }
bool has_avx2() { return false; }
#endif

std::uint32_t sum_up_anywhere(const char* block, std::size_t size) { return sum_up(block, size); }

}  // namespace

std::uint16_t compute(const char* block, std::size_t size, std::uint32_t number) {
    const std::uint32_t sum = (has_avx2() ? sum_up_avx2(block, size) : sum_up_anywhere(block, size)) ^ number;
    return static_cast<std::uint16_t>(sum % 65535 + 1);
}

std::uint16_t stored(const char* block) {
    std::uint16_t result = 0;
    std::memcpy(&result, block + place, sizeof result);
    return result;
}

}  // namespace page_checksum
