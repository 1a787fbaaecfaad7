#include "tool/compression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "tool/failure.hpp"
#include "tool/render/progress.hpp"

namespace compression {

namespace {

constexpr int first_major = 15;
constexpr double mb = 1 << 20;
// About what one core compresses with lz4. A faster link would wait for the compression.
constexpr double as_fast_as_lz4 = 400 * mb;
// Here even zstd, which is slower and compresses better, does not hold up the link.
constexpr double slow_link = 25 * mb;

constexpr std::array<int, 3> sample_sizes = {64 << 10, 1 << 20, 16 << 20};
// A sample that took so long says enough, and the next one would take too long.
constexpr std::chrono::milliseconds long_enough{60};

std::string method_of(const std::string& choice) {
    const std::string method = choice.substr(0, choice.find(':'));
    return method.rfind("server-", 0) == 0 ? method.substr(7) : method;
}

bool contains(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

double measure(tool::Link& primary) {
    double rate = 0;
    for (const int size : sample_sizes) {
        const auto begin = std::chrono::steady_clock::now();
        primary.query("SELECT pg_catalog.repeat('x', $1::integer)", {std::to_string(size)});
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        rate = size / std::max(seconds.count(), 1e-6);
        if (seconds > long_enough) break;
    }
    return rate;
}

std::vector<std::string> methods_of(tool::Link& primary) {
    std::vector<std::string> methods;
    const auto rows = primary.query(
        "SELECT method FROM pg_settings, unnest(enumvals) AS method WHERE name = 'wal_compression' AND method IN ('lz4', 'zstd')");
    for (const auto& row : rows.rows) methods.push_back(row.at(0).value_or(""));
    return methods;
}

}  // namespace

std::string normalized(const std::string& asked) {
    if (asked == automatic || asked == none) return asked;
    const std::string method = method_of(asked);
    if (asked.rfind("client-", 0) != 0 && (method == "gzip" || method == "lz4" || method == "zstd"))
        return asked.rfind("server-", 0) == 0 ? asked : "server-" + asked;
    throw Failure(ExitCode::usage, fmt::format("no compression \"{}\" for a copy", asked),
                  "The server compresses what it sends, by gzip, lz4 or zstd.",
                  "Give --compress auto, none, or [server-]METHOD[:DETAIL] as pg_basebackup takes it.");
}

Facts gather(tool::Link& primary, const std::string& asked) {
    Facts facts;
    const auto rows = primary.query(
        "SELECT current_setting('server_version_num')::integer / 10000, coalesce(inet_client_addr() = inet_server_addr() "
        "OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true)");
    facts.major = tool::number(rows.rows.at(0).at(0));
    facts.link_is_local = rows.rows.at(0).at(1) == "t";
    if (facts.major < first_major) return facts;
    facts.methods = methods_of(primary);
    if (asked == automatic && !facts.link_is_local && !facts.methods.empty()) facts.rate = measure(primary);
    return facts;
}

bool program_knows(world::Files& files, const std::string& program, const std::string& choice) {
    const std::string method = method_of(choice);
    const std::string function = method == "lz4" ? "LZ4F_decompress" : method == "zstd" ? "ZSTD_decompressStream" : "inflate";
    return files.kind(program) == world::Kind::file && files.read(program).find(function) != std::string::npos;
}

void refuse_unknown(world::Files& files, const std::string& program, const std::string& choice, const Facts& facts) {
    const std::string method = method_of(choice), fix = "Leave --compress out, or name another method.";
    if (facts.major < first_major)
        throw refused(fmt::format("PostgreSQL {} cannot compress a copy", facts.major), "That came with PostgreSQL 15.", fix);
    if (method != "gzip" && !contains(facts.methods, method))
        throw refused(fmt::format("the primary was built without {}", method),
                      fmt::format("The values of its setting wal_compression do not hold {}.", method), fix);
    if (!program_knows(files, program, choice))
        throw refused(fmt::format("pg_basebackup of this host was built without {}", method),
                      fmt::format("{} calls no function of its library.", program), fix);
}

Choice choose(const std::string& asked, const Facts& facts, const std::vector<std::string>& methods) {
    if (asked != automatic) return {asked, ""};
    if (facts.major < first_major || facts.link_is_local || facts.rate <= 0 || methods.empty()) return {none, ""};
    const std::string rate = render::bytes(static_cast<std::uint64_t>(facts.rate)) + "/s";
    if (facts.rate >= as_fast_as_lz4) return {none, fmt::format("the link carries {}: the files travel uncompressed", rate)};
    const bool zstd = contains(methods, "zstd") && (facts.rate < slow_link || !contains(methods, "lz4"));
    const std::string method = zstd ? "server-zstd" : "server-lz4";
    return {method, fmt::format("the link carries {}: the primary compresses what it sends ({})", rate, method)};
}

}  // namespace compression
