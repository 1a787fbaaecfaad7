#include "core/hba_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hba {

namespace {

constexpr std::array<std::string_view, 15> methods = {"trust",  "reject", "scram-sha-256", "md5",  "password",
                                                      "gss",    "sspi",   "ident",         "peer", "ldap",
                                                      "radius", "cert",   "pam",           "bsd",  "oauth"};

// Walks over the fields of a line and remembers the first error.
class Parser {
 public:
    explicit Parser(Rule& rule) : rule_(rule) {}

    void run() {
        read_type();
        rule_.databases = field("database");
        rule_.users = field("role");
        if (rule_.channels != bit(Channel::local)) read_address();
        read_method();
        check_options();
    }

 private:
    bool failed() const { return !rule_.error.empty(); }

    void fail(std::string error) {
        if (!failed()) rule_.error = std::move(error);
    }

    Field field(std::string_view what) {
        if (failed()) return {};
        if (at_ < rule_.line.fields.size()) return rule_.line.fields[at_++];
        fail(fmt::format("end-of-line before {} specification", what));
        return {};
    }

    Token single(std::string_view what, std::string_view plural) {
        const Field values = field(what);
        if (values.size() > 1) fail(fmt::format("multiple values specified for {}", plural));
        return failed() ? Token{} : values.front();
    }

    void read_type() {
        rule_.type = single("connection type", "connection type").text;
        if (failed()) return;
        const auto channels = channels_of(rule_.type);
        if (!channels) return fail(fmt::format("invalid connection type \"{}\"", rule_.type));
        rule_.channels = *channels;
    }

    void read_address() {
        const Token token = single("IP address", "host address");
        if (failed()) return;
        if (token.is_keyword("all")) return void(rule_.where = Where::anywhere);
        if (token.is_keyword("samehost")) return void(rule_.where = Where::same_host);
        if (token.is_keyword("samenet")) return void(rule_.where = Where::same_network);
        const auto slash = token.text.find('/');
        const std::string host = token.text.substr(0, slash);
        const auto address = parse_address(host);
        if (!address) return read_host_name(token.text, host, slash != std::string::npos);
        rule_.where = Where::network;
        rule_.network.address = *address;
        if (slash == std::string::npos)
            read_mask();
        else
            read_prefix(token.text, token.text.substr(slash + 1));
    }

    void read_host_name(const std::string& text, const std::string& host, bool has_prefix) {
        if (has_prefix) fail(fmt::format("specifying both host name and CIDR mask is invalid: \"{}\"", text));
        rule_.where = Where::host_name;
        rule_.host_name = host;
    }

    void read_prefix(const std::string& text, const std::string& bits) {
        const auto mask = parse_prefix(bits, rule_.network.address.v6);
        if (!mask) return fail(fmt::format("invalid CIDR mask in address \"{}\"", text));
        rule_.network.mask = *mask;
    }

    void read_mask() {
        const Token token = single("netmask", "netmask");
        if (failed()) return;
        const auto mask = parse_address(token.text);
        if (!mask) return fail(fmt::format("invalid IP mask \"{}\"", token.text));
        if (mask->v6 != rule_.network.address.v6) return fail("IP address and mask do not match");
        rule_.network.mask = *mask;
    }

    void read_method() {
        rule_.method = single("authentication method", "authentication type").text;
        if (failed()) return;
        const bool local = rule_.channels == bit(Channel::local);
        if (std::find(methods.begin(), methods.end(), rule_.method) == methods.end())
            fail(fmt::format("invalid authentication method \"{}\"", rule_.method));
        // an old spelling that the server still takes
        if (local && rule_.method == "ident") rule_.method = "peer";
        if (local && rule_.method == "gss") fail("gssapi authentication is not supported on local sockets");
        if (!local && rule_.method == "peer") fail("peer authentication is only supported on local sockets");
        if (rule_.channels != bit(Channel::tls) && rule_.method == "cert")
            fail("cert authentication is only supported on hostssl connections");
    }

    void check_options() {
        for (; !failed() && at_ < rule_.line.fields.size(); ++at_)
            for (const Token& option : rule_.line.fields[at_])
                if (option.text.find('=') == std::string::npos)
                    fail(fmt::format("authentication option not in name=value format: {}", option.text));
    }

    Rule& rule_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<Channels> channels_of(std::string_view type) {
    constexpr auto plain = bit(Channel::plain);
    constexpr auto tls = bit(Channel::tls);
    constexpr auto gss = bit(Channel::gss);
    if (type == "local") return bit(Channel::local);
    if (type == "host") return static_cast<Channels>(plain | tls | gss);
    if (type == "hostssl") return tls;
    if (type == "hostnossl") return static_cast<Channels>(plain | gss);
    if (type == "hostgssenc") return gss;
    if (type == "hostnogssenc") return static_cast<Channels>(plain | tls);
    return std::nullopt;
}

std::vector<Rule> parse(std::vector<Line> lines) {
    std::vector<Rule> rules;
    rules.reserve(lines.size());
    for (Line& line : lines) {
        Rule& rule = rules.emplace_back();
        rule.line = std::move(line);
        rule.error = rule.line.error;
        if (rule.error.empty()) Parser(rule).run();
    }
    return rules;
}

const Rule* first_error(const std::vector<Rule>& rules) {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [](const Rule& rule) { return !rule.error.empty(); });
    return found == rules.end() ? nullptr : &*found;
}

bool proves_identity(std::string_view method) {
    return method != "trust" && method != "ident" && method != "reject";
}

}  // namespace hba
