// What the copy will be without, or read otherwise than the primary does.
#include <fmt/format.h>

#include <cmath>

#include "tool/preflight.hpp"

namespace cloning {

namespace {

constexpr double tolerated_seconds = 2;

void warning(std::vector<Finding>& findings, std::string message, std::string fix) {
    findings.push_back({false, std::move(message), std::move(fix)});
}

// Where this host cannot tell its C library (musl), nothing is claimed.
void check_collations(std::vector<Finding>& findings, const PrimaryFacts& primary, const HostFacts& host) {
    const std::string& theirs = primary.ground.libc_version;
    if (theirs.empty() || host.libc_version.empty() || theirs == host.libc_version) return;
    warning(findings,
            fmt::format("text is sorted by version {} of the C library on the primary and by {} on this host: the standby may "
                        "not find rows through indexes on text ({} such indexes in database \"{}\")",
                        theirs, host.libc_version, primary.ground.libc_indexes, primary.dbname),
            "Use the primary's release of the operating system, or send the standby no queries and run REINDEX DATABASE and "
            "ALTER DATABASE ... REFRESH COLLATION VERSION in every database right after a promotion.");
}

void check_icu(std::vector<Finding>& findings, const PrimaryFacts& primary, const HostFacts& host) {
    for (const icu::Locale& locale : primary.ground.icu_locales) {
        const auto here = host.icu_versions.find(locale.name);
        if (locale.version.empty() || here == host.icu_versions.end() || here->second == locale.version) continue;
        warning(findings,
                fmt::format("text of the ICU locale \"{}\" is sorted by version {} on the primary and by {} on this host: the standby "
                            "may not find rows through indexes on such text ({} in database \"{}\")",
                            locale.name, locale.version, here->second, locale.indexes, primary.dbname),
                "Use the primary's version of ICU, or send the standby no queries and run REINDEX DATABASE and ALTER COLLATION ... "
                "REFRESH VERSION in every database right after a promotion.");
    }
}

void check_clock(std::vector<Finding>& findings, const PrimaryFacts& primary) {
    const double ahead = primary.ground.ahead.value_or(0);
    if (std::abs(ahead) < tolerated_seconds) return;
    warning(findings,
            fmt::format("the primary's clock is {:.0f} s {} this host's: times of lag and recovery targets will be wrong by that",
                        std::abs(ahead), ahead > 0 ? "ahead of" : "behind"),
            "Have both hosts synchronized by NTP; timedatectl shows whether they are.");
}

void check_unlogged(std::vector<Finding>& findings, const PrimaryFacts& primary) {
    const auto& ground = primary.ground;
    if (ground.unlogged_tables == 0) return;
    warning(findings,
            fmt::format("the standby will not have the rows of {} unlogged table(s) of database \"{}\": {}{}", ground.unlogged_tables,
                        primary.dbname, ground.some_unlogged, ground.unlogged_tables > 5 ? ", ..." : ""),
            "Run ALTER TABLE ... SET LOGGED on the primary for those whose rows must survive it.");
}

}  // namespace

void check_ground(std::vector<Finding>& findings, const PrimaryFacts& primary, const HostFacts& host) {
    check_collations(findings, primary, host);
    check_icu(findings, primary, host);
    check_clock(findings, primary);
    check_unlogged(findings, primary);
    for (const shared_ground::Remark& remark : primary.ground.remarks)
        findings.push_back({remark.error, "the primary says of itself: " + remark.detail, remark.hint});
}

}  // namespace cloning
