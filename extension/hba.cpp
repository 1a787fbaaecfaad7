#include "extension/hba.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/hba_write.hpp"
#include "core/name.hpp"
#include "extension/hba_facts.hpp"
#include "extension/server/query.hpp"

namespace hba {

namespace {

const char* word(Decision decision) {
    switch (decision) {
        case Decision::accept:
            return "accept";
        case Decision::reject:
            return "reject";
        case Decision::no_match:
            return "no match";
        case Decision::unknown:
            return "unknown";
    }
    return "unknown";
}

void check_single(const Asked& asked, const std::string& text) {
    if (asked.prefix == (asked.network.address.v6 ? 128 : 32)) return;
    throw core::Error(core::sqlstate::invalid_parameter_value,
                      fmt::format("\"{}\" is a network, not one address", text),
                      "A connection comes from one address, and a line may take a part of a network only.",
                      "Give the address of the standby without a mask.");
}

Request read_request(const pg::Arguments& arguments) {
    Request request;
    request.role = arguments.required(0, "role_name");
    name::check_plain("role", request.role);
    request.groups = groups_of(request.role);
    request.database = arguments.text(3);
    const pg::Value address = arguments.text(1);
    const bool local = is_local(address);
    request.channel = local ? Channel::local : arguments.boolean(2, false) ? Channel::tls : Channel::plain;
    if (local) return request;
    const Asked asked = read_address(*address);
    check_single(asked, *address);
    request.from = asked.network;
    return request;
}

// What the answer does not say by itself but the connection will meet.
std::vector<std::string> remarks(const Configuration& configuration, const Request& request) {
    std::vector<std::string> result;
    if (request.groups.empty()) result.push_back(fmt::format("There is no role \"{}\".", request.role));
    if (request.channel == Channel::tls &&
        pg::query_value("SELECT pg_catalog.current_setting('ssl')") == "off")
        result.emplace_back("The server has ssl = off: no TLS connection can come in.");
    if (pg::query_value(
            "SELECT pg_catalog.to_timestamp($1::pg_catalog.float8) > pg_catalog.pg_conf_load_time()",
            {fmt::format("{:.6f}", configuration.changed_at)}) == "t")
        result.emplace_back(
            "The file was changed after the configuration was last loaded: until SELECT "
            "pg_reload_conf() the server may still decide by what the file said before.");
    return result;
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) text += (text.empty() ? "" : "\n") + printable(sentence);
    return text;
}

pg::Rows not_loadable(const ServerView& view) {
    return {
        {{word(Decision::unknown), view.error_file, std::to_string(view.error_line), std::nullopt,
          std::nullopt,
          fmt::format(
              "Line {} has an error ({}): the server does not load this file and keeps deciding by the rules "
              "that it loaded before. The next start of the server would fail.",
              view.error_line, printable(view.error))}}};
}

pg::Rows read_differently(const Configuration& configuration) {
    return {
        {{word(Decision::unknown), configuration.path, std::nullopt, std::nullopt, std::nullopt,
          "The server reads other lines from the file than this function does; was it changed just now?"}}};
}

}  // namespace

pg::Rows decision(const pg::Arguments& arguments) {
    check_may_read("replica.hba_decision");
    const Request request = read_request(arguments);
    const Configuration configuration = read_configuration();
    const ServerView view = server_view(configuration);
    if (!view.error.empty()) return not_loadable(view);
    if (!agree(configuration, view) || first_error(configuration.rules) != nullptr)
        return read_differently(configuration);
    Verdict verdict = decide(configuration.rules, request, surroundings(configuration.dialect));
    for (std::string& remark : remarks(configuration, request))
        verdict.explanation.push_back(std::move(remark));
    const Rule* rule = verdict.rule;
    if (rule == nullptr)
        return {{{word(verdict.decision), configuration.path, std::nullopt, std::nullopt, std::nullopt,
                  joined(verdict.explanation)}}};
    return {{{word(verdict.decision), rule->line.file, std::to_string(rule->line.number),
              printable(rule->line.text), rule->method, joined(verdict.explanation)}}};
}

}  // namespace hba
