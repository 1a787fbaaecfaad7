// What stands in the way of a clone, decided from facts alone.
#pragma once

#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/host_facts.hpp"
#include "tool/primary_facts.hpp"

namespace cloning {

struct Finding {
    bool is_error;
    std::string message, fix;
};

std::vector<Finding> findings(const Options& options, const PrimaryFacts& primary, const HostFacts& host);

// The part of findings that concerns the primary alone, whatever becomes of this host.
std::vector<Finding> primary_findings(const Options& options, const PrimaryFacts& primary);

// The part of findings that concerns the standby's host.
void check_standby_host(std::vector<Finding>& findings, const Options& options, const PrimaryFacts& primary,
                        const HostFacts& host);

// The part of that which concerns the places that the copy will fill: free, own, apart from each other, large enough.
void check_places(std::vector<Finding>& findings, const Options& options, const PrimaryFacts& primary, const HostFacts& host);

// The part of findings that concerns both: C libraries that sort otherwise, clocks apart, rows that no copy brings along.
void check_ground(std::vector<Finding>& findings, const PrimaryFacts& primary, const HostFacts& host);

// Reports warnings; throws Failure (precondition) that lists every error with its fix. what cannot begin: "the clone".
void refuse_if_any_error(world::Reporter& reporter, const std::vector<Finding>& findings,
                         const std::string& what = "the clone");

}  // namespace cloning
