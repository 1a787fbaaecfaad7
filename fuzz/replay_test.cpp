// The corpus of the fuzz targets, run as unit tests; and each of its files cut short and with one byte changed, as a
// cheap stand-in for the fuzzer. PG_REPLICA_CORPUS names the folder when it is not where it was at build time.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/target.hpp"

namespace {

std::filesystem::path corpus() {
    const char* folder = std::getenv("PG_REPLICA_CORPUS");
    return folder != nullptr ? folder : FUZZ_CORPUS;
}

std::vector<std::string> inputs_of(const char* target) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(corpus() / target)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> inputs;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return inputs;
}

void run_with_neighbours(fuzz::Target target, const std::string& input) {
    static constexpr std::string_view bytes("\0\n\r \t\"'\\#,/@+\x1e\x80", 15);
    target(input);
    const std::size_t step = input.size() / 50 + 1;
    for (std::size_t at = 0; at < input.size(); at += step) {
        target(input.substr(0, at));
        std::string changed = input;
        changed[at] = bytes[at % bytes.size()];
        target(changed);
    }
}

class Corpus : public testing::TestWithParam<fuzz::Named> {};

TEST_P(Corpus, IsHeld) {
    const auto inputs = inputs_of(GetParam().name);
    EXPECT_GE(inputs.size(), 5u) << "the corpus of " << GetParam().name << " is lost";
    for (const std::string& input : inputs) run_with_neighbours(GetParam().run, input);
    run_with_neighbours(GetParam().run, "");
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(fuzz::targets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
