#include "core/hba_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hba {

namespace {

constexpr std::size_t longest_list = 200;  // bytes of a rule's names that an explanation repeats

std::string listed(const Field& names) {
    std::string list;
    for (const Token& name : names) {
        if (!list.empty()) list += ", ";
        list += name.quoted ? '"' + name.text + '"' : name.text;
        if (list.size() > longest_list) return list.substr(0, longest_list) + "...";
    }
    return list;
}

std::string only_for(const Rule& rule) {
    if (rule.type == "local") return "is for Unix-domain sockets only";
    if (rule.type == "hostssl") return "is for TLS connections only";
    if (rule.type == "hostnossl") return "is for connections without TLS only";
    if (rule.type == "hostgssenc") return "is for GSSAPI-encrypted connections only";
    if (rule.type == "hostnogssenc") return "is for connections without GSSAPI encryption only";
    return "is for TCP connections only";
}

bool is_pattern(const Token& token, const Surroundings& surroundings) {
    return surroundings.regular_expressions && !token.text.empty() && token.text[0] == '/';
}

bool same_letters(const std::string& one, const std::string& other) {
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [&](unsigned char a, unsigned char b) { return lower(a) == lower(b); });
}

bool database_fits(const Token& token, const Request& request, const Surroundings& surroundings) {
    if (!request.database) return token.is_keyword("replication");
    if (token.is_keyword("all")) return true;
    if (token.is_keyword("sameuser")) return *request.database == request.role;
    if (token.is_keyword("samegroup") || token.is_keyword("samerole"))
        return request.groups.contains(*request.database);
    if (token.is_keyword("replication")) return false;
    if (is_pattern(token, surroundings)) return surroundings.matches(*request.database, token.text.substr(1));
    return token.text == *request.database;
}

bool user_fits(const Token& token, const Request& request, const Surroundings& surroundings) {
    if (!token.quoted && !token.text.empty() && token.text[0] == '+')
        return request.groups.contains(token.text.substr(1));
    if (token.is_keyword("all")) return true;
    if (is_pattern(token, surroundings)) return surroundings.matches(request.role, token.text.substr(1));
    return token.text == request.role;
}

std::string wrong_database(const Rule& rule, const Request& request) {
    if (request.database)
        return fmt::format("is for the databases {}, not for \"{}\"", listed(rule.databases),
                           *request.database);
    const bool quoted = std::any_of(rule.databases.begin(), rule.databases.end(), [](const Token& token) {
        return token.quoted && token.text == "replication";
    });
    if (quoted)
        return "names a database \"replication\": in quotes it is not the keyword for replication "
               "connections";
    return fmt::format("is for the databases {}: only the keyword replication takes physical replication",
                       listed(rule.databases));
}

std::string wrong_user(const Rule& rule, const Request& request) {
    const bool case_differs = std::any_of(rule.users.begin(), rule.users.end(), [&](const Token& token) {
        return same_letters(token.text, request.role);
    });
    return fmt::format("is for the users {}, not for \"{}\"{}", listed(rule.users), request.role,
                       case_differs ? ": upper and lower case differ" : "");
}

Network single(const Network& network) {
    const bool v6 = network.address.v6;
    return {network.address, mask_of(v6 ? 128 : 32, v6)};
}

Fit fit_of(const Network& rule, const Network& asked) {
    if (contains(rule, asked)) return Fit::whole;
    return overlap(rule, asked) ? Fit::part : Fit::none;
}

Fit fit_of_interfaces(const Rule& rule, const Request& request, const Surroundings& surroundings) {
    Fit best = Fit::none;
    for (const Network& interface : surroundings.interfaces) {
        const Fit fit = fit_of(rule.where == Where::same_host ? single(interface) : interface, request.from);
        best = std::max(best, fit);
    }
    return best;
}

Fit address_fit(const Rule& rule, const Request& request, const Surroundings& surroundings) {
    switch (rule.where) {
        case Where::anywhere:
            return Fit::whole;
        case Where::same_host:
        case Where::same_network:
            return fit_of_interfaces(rule, request, surroundings);
        case Where::network:
            return fit_of(rule.network, request.from);
        case Where::host_name:
            return Fit::unknown;
    }
    return Fit::none;
}

std::string short_print(const Network& network) {
    return network == single(network) ? print(network.address) : print(network);
}

std::string wrong_address(const Rule& rule, const Request& request) {
    const std::string asked = short_print(request.from);
    if (rule.where == Where::same_host)
        return fmt::format("is for this host's own addresses, not for {}", asked);
    if (rule.where == Where::same_network)
        return fmt::format("is for this host's networks, not for {}", asked);
    return fmt::format("is for {}, not for {}", print(rule.network), asked);
}

template <class Fits>
bool any(const Field& field, Fits fits) {
    return std::any_of(field.begin(), field.end(), fits);
}

std::string place(const Rule& rule) {
    if (rule.line.number == rule.line.top_number) return fmt::format("Line {}", rule.line.number);
    return fmt::format("Line {} of \"{}\"", rule.line.number, rule.line.file);
}

// No rule stands for the end of the file, where everybody is turned away.
struct Meeting {
    bool admitted = false;
    const Rule* rule = nullptr;
};

Meeting meet(const std::vector<Rule>& rules, const Request& request, const Surroundings& surroundings) {
    const Rule* first = nullptr;
    for (const Rule& rule : rules) {
        const Fit fit = match(rule, request, surroundings).fit;
        if (fit == Fit::none) continue;
        if (fit == Fit::unknown || !proves_identity(rule.method)) return {false, &rule};
        if (first == nullptr) first = &rule;
        if (fit == Fit::whole) return {true, first};
    }
    return {false, nullptr};
}

}  // namespace

Match match(const Rule& rule, const Request& request, const Surroundings& surroundings) {
    if ((rule.channels & bit(request.channel)) == 0) return {Fit::none, only_for(rule)};
    const bool local = request.channel == Channel::local;
    const Fit address = local ? Fit::whole : address_fit(rule, request, surroundings);
    if (address == Fit::none) return {Fit::none, wrong_address(rule, request)};
    if (!any(rule.databases, [&](const Token& token) { return database_fits(token, request, surroundings); }))
        return {Fit::none, wrong_database(rule, request)};
    if (!any(rule.users, [&](const Token& token) { return user_fits(token, request, surroundings); }))
        return {Fit::none, wrong_user(rule, request)};
    if (address == Fit::unknown)
        return {address,
                fmt::format("is for the host name \"{}\", which is not looked up here", rule.host_name)};
    return {address, {}};
}

Verdict decide(const std::vector<Rule>& rules, const Request& request, const Surroundings& surroundings) {
    Verdict verdict;
    for (const Rule& rule : rules) {
        const Match found = match(rule, request, surroundings);
        if (found.fit == Fit::none) {
            verdict.explanation.push_back(fmt::format("{} {}.", place(rule), found.reason));
            continue;
        }
        verdict.rule = &rule;
        if (found.fit == Fit::unknown) {
            verdict.decision = Decision::unknown;
            verdict.explanation.push_back(
                fmt::format("{} cannot be decided: it {}.", place(rule), found.reason));
            return verdict;
        }
        verdict.decision = rule.method == "reject" ? Decision::reject : Decision::accept;
        verdict.explanation.push_back(fmt::format("{} decides: {} by method {}.", place(rule),
                                                  rule.method == "reject" ? "rejected" : "accepted",
                                                  rule.method));
        return verdict;
    }
    verdict.explanation.emplace_back("No line matches, so the connection is turned away.");
    return verdict;
}

Admission admission(const std::vector<Rule>& rules, const Request& request, Channels channels,
                    const Surroundings& surroundings) {
    Admission result{true, nullptr, nullptr};
    for (const Channel channel : {Channel::local, Channel::plain, Channel::tls, Channel::gss}) {
        if ((channels & bit(channel)) == 0) continue;
        Request one = request;
        one.channel = channel;
        const Meeting met = meet(rules, one, surroundings);
        if (met.admitted && result.admitted && result.decided_by == nullptr) result.decided_by = met.rule;
        if (met.admitted) continue;
        result.admitted = false;
        // rules stand in one array in file order: the earlier one is the smaller pointer
        if (met.rule != nullptr && (result.before == nullptr || met.rule < result.before))
            result.before = met.rule;
    }
    if (!result.admitted) result.decided_by = nullptr;
    return result;
}

}  // namespace hba
