#include "core/page_checksum.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace page_checksum {

namespace {

// As the algorithm is described in checksum_impl.h, one sum after the other.
std::uint16_t by_the_book(std::string block, std::uint32_t number) {
    static constexpr std::uint32_t initial[32] = {
        0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
        0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
        0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
        0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};
    block[place] = block[place + 1] = '\0';
    std::uint32_t result = 0;
    for (std::size_t sum = 0; sum < 32; ++sum) {
        std::uint32_t state = initial[sum];
        for (std::size_t at = sum * 4; at < block.size() + 256; at += 128) {
            std::uint32_t value = 0;
            if (at < block.size()) value = *reinterpret_cast<const std::uint32_t*>(block.data() + at);
            const std::uint32_t mixed = state ^ value;
            state = mixed * 16777619 ^ mixed >> 17;
        }
        result ^= state;
    }
    return static_cast<std::uint16_t>((result ^ number) % 65535 + 1);
}

std::string noise(std::uint32_t seed) {
    std::string block;
    for (int i = 0; i < 8192; ++i) block += static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
    return block;
}

}  // namespace

TEST(PageChecksum, IsWhatTheServerComputes) {
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        const std::string block = noise(seed);
        EXPECT_EQ(compute(block.data(), block.size(), seed * 1000), by_the_book(block, seed * 1000));
    }
}

TEST(PageChecksum, WhatIsStoredDoesNotCount) {
    std::string block = noise(1);
    const std::uint16_t before = compute(block.data(), block.size(), 7);
    block[place] = static_cast<char>(before & 0xFF);
    block[place + 1] = static_cast<char>(before >> 8);
    EXPECT_EQ(compute(block.data(), block.size(), 7), before);
    EXPECT_EQ(stored(block.data()), before);  // on a little-endian machine
    block[place + 2] ^= 1;
    EXPECT_NE(compute(block.data(), block.size(), 7), before);
    EXPECT_NE(compute(block.data(), block.size(), 8), before);
}

}  // namespace page_checksum
