#include "core/refresh_hash.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

refresh::Secret secret_of(unsigned char start) {
    refresh::Secret secret;
    for (unsigned char& byte : secret) byte = start = static_cast<unsigned char>(start * 5 + 17);
    return secret;
}

TEST(RefreshHash, IsTheSameForTheSameBytesAndSecret) {
    const std::string block(8192, 'x');
    const std::string copy = block;
    EXPECT_EQ(refresh::hash_chunk(secret_of(1), block.data(), block.size()),
              refresh::hash_chunk(secret_of(1), copy.data(), copy.size()));
}

TEST(RefreshHash, SeesEachBitOfABlock) {
    std::string block(8192, '\0');
    const refresh::Secret secret = secret_of(1);
    std::set<refresh::Hash128> seen = {refresh::hash_chunk(secret, block.data(), block.size())};
    for (std::size_t at = 0; at < block.size(); ++at) {
        block[at] = static_cast<char>(1 << (at % 8));
        EXPECT_TRUE(seen.insert(refresh::hash_chunk(secret, block.data(), block.size())).second) << at;
        block[at] = '\0';
    }
}

TEST(RefreshHash, DependsOnTheLength) {
    const std::string zeros(8192, '\0');
    std::set<refresh::Hash128> seen;
    for (std::size_t size = 0; size <= zeros.size(); ++size) seen.insert(refresh::hash_chunk(secret_of(1), zeros.data(), size));
    EXPECT_EQ(seen.size(), zeros.size() + 1);
}

TEST(RefreshHash, DependsOnTheSecret) {
    for (const std::size_t size : {0, 1, 16, 100, 200, 512, 8192}) {
        const std::string block(size, 'x');
        EXPECT_NE(refresh::hash_chunk(secret_of(1), block.data(), size), refresh::hash_chunk(secret_of(2), block.data(), size)) << size;
    }
}

// both ends may be of different machines and builds: the value itself is part of the format
TEST(RefreshHash, IsWhatItAlwaysWas) {
    const std::string block(8192, 'x');
    std::string text;
    for (const unsigned char byte : refresh::hash_chunk(secret_of(1), block.data(), block.size())) text += fmt::format("{:02x}", byte);
    EXPECT_EQ(text, "e88c71f59dab9e06c9555c01233de5f4");
}

}  // namespace
