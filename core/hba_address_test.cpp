#include "core/hba_address.hpp"

#include <gtest/gtest.h>

namespace {

hba::Network network(const std::string& address, int bits) {
    const hba::Address parsed = hba::parse_address(address).value();
    return {parsed, hba::mask_of(bits, parsed.v6)};
}

std::string read(const std::string& text) {
    const auto address = hba::parse_address(text);
    return address ? hba::print(*address) : "no address";
}

}  // namespace

TEST(HbaAddress, ReadsAddressesAsTheServerDoes) {
    EXPECT_EQ(read("10.0.0.5"), "10.0.0.5");
    EXPECT_EQ(read("fd00::0005"), "fd00::5");
    EXPECT_EQ(read("10"), "0.0.0.10");
    EXPECT_EQ(read("010.0.0.1"), "8.0.0.1");
    EXPECT_EQ(read("2130706433"), "127.0.0.1");
    EXPECT_EQ(read("0x7f.1"), "127.0.0.1");
}

TEST(HbaAddress, EverythingElseIsAHostName) {
    for (const char* text :
         {"", "localhost", "10.0.0.5 ", " 10.0.0.5", "10.0.0.256", "10.0.0.5.6", "fd00::g", "10.0.0.5\n"})
        EXPECT_EQ(read(text), "no address") << '"' << text << '"';
    EXPECT_EQ(read(std::string("10.0.0.5\0x", 10)), "no address");
}

TEST(HbaAddress, PrefixesAreReadByStrtol) {
    for (const char* text : {"8", "+8", " 8", "08"})
        EXPECT_EQ(hba::parse_prefix(text, false), hba::mask_of(8, false)) << text;
    for (const char* text : {"", "33", "-1", "8 ", "8x", "0x8", "99999999999999999999"})
        EXPECT_FALSE(hba::parse_prefix(text, false)) << text;
    EXPECT_TRUE(hba::parse_prefix("128", true));
    EXPECT_FALSE(hba::parse_prefix("129", true));
}

TEST(HbaAddress, MasksAndPrefixesAreInverse) {
    for (int bits = 0; bits <= 32; ++bits) EXPECT_EQ(hba::prefix_of(hba::mask_of(bits, false)), bits);
    for (int bits = 0; bits <= 128; ++bits) EXPECT_EQ(hba::prefix_of(hba::mask_of(bits, true)), bits);
    EXPECT_FALSE(hba::prefix_of(hba::parse_address("255.0.255.0").value()));
}

TEST(HbaAddress, NetworksContainAndOverlap) {
    EXPECT_TRUE(hba::contains(network("10.0.0.0", 24), network("10.0.0.5", 32)));
    EXPECT_FALSE(hba::contains(network("10.0.0.0", 29), network("10.0.0.9", 32)));
    EXPECT_FALSE(hba::contains(network("10.0.0.5", 32), network("10.0.0.0", 24)));
    EXPECT_FALSE(hba::contains(network("10.0.0.0", 32), network("10.0.0.0", 24)));
    EXPECT_TRUE(hba::overlap(network("10.0.0.5", 32), network("10.0.0.0", 24)));
    EXPECT_FALSE(hba::overlap(network("10.0.1.5", 32), network("10.0.0.0", 24)));
    EXPECT_FALSE(hba::overlap(network("::", 0), network("10.0.0.0", 24)));
    EXPECT_TRUE(hba::contains(network("0.0.0.0", 0), network("10.0.0.0", 8)));
    // bits outside the mask do not count
    EXPECT_TRUE(hba::contains(network("10.0.0.77", 24), network("10.0.0.5", 32)));
}

TEST(HbaAddress, AMaskThatIsNoPrefixIsPrintedWhole) {
    const hba::Network odd{hba::parse_address("10.0.0.0").value(), hba::parse_address("255.0.255.0").value()};
    EXPECT_EQ(hba::print(odd), "10.0.0.0 mask 255.0.255.0");
    EXPECT_EQ(hba::print(network("fd00::", 64)), "fd00::/64");
}
