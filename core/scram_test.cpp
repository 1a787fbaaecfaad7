#include "core/scram.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace {

const std::string key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

std::string verifier(const std::string& iterations, const std::string& salt = "c2FsdA==") {
    return "SCRAM-SHA-256$" + iterations + ":" + salt + "$" + key + ":" + key;
}

TEST(Scram, IterationsOfAWellFormedVerifierAreRead) {
    EXPECT_EQ(scram::iterations(verifier("4096")), 4096);
    EXPECT_EQ(scram::iterations(verifier("1")), 1);
    EXPECT_EQ(scram::iterations(verifier("99999999999999999999999")), std::numeric_limits<long>::max());
}

TEST(Scram, WhatIsNotWellFormedHasNone) {
    const std::string good = verifier("4096");
    for (const std::string& text :
         {std::string(), std::string("secret"), std::string("SCRAM-SHA-256$"), verifier(""), verifier("0"), verifier("-4096"),
          verifier("+4096"), verifier(" 4096"), verifier("4096x"), verifier("4096", ""), verifier("4096", "===="),
          verifier("4096", "c2FsdA="), verifier("4096", "c2F=dA=="), good + " ", good + ":" + key, good + "\n", " " + good,
          good.substr(0, good.size() - 1), "SCRAM-SHA-1$" + good.substr(14)})
        EXPECT_EQ(scram::iterations(text), std::nullopt) << text;
    for (std::size_t length = 0; length < good.size(); ++length)
        EXPECT_EQ(scram::iterations(good.substr(0, length)), std::nullopt) << length;
}

TEST(Scram, AMillionIterationsIsTheBound) {
    EXPECT_TRUE(scram::is_bounded(verifier("1000000")));
    EXPECT_FALSE(scram::is_bounded(verifier("1000001")));
    EXPECT_FALSE(scram::is_bounded(verifier("4294967297")));
    EXPECT_FALSE(scram::is_bounded("secret"));
}

}  // namespace
