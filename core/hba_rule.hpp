// The rules of pg_hba.conf, parsed as the server parses them (auth-pg-hba-conf).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hba_address.hpp"
#include "core/hba_token.hpp"

namespace hba {

// The ways a connection can come in; a rule's type takes one or several of them.
enum class Channel : std::uint8_t {
    local = 1,  // Unix-domain socket
    plain = 2,  // TCP without encryption
    tls = 4,    // TCP with TLS
    gss = 8,    // TCP with GSSAPI encryption
};

using Channels = std::uint8_t;  // a set of Channel

constexpr Channels bit(Channel channel) { return static_cast<Channels>(channel); }

// The channels that a connection type takes ("hostssl" -> TLS); nothing for a word that is no type.
std::optional<Channels> channels_of(std::string_view connection_type);

// How a rule names the client's address.
enum class Where { anywhere, same_host, same_network, network, host_name };

struct Rule {
    Line line;
    std::string error;  // not empty: the server refuses the whole configuration; the rest is then not filled
    std::string type;   // "host"
    Channels channels = 0;
    Field databases;
    Field users;
    Where where = Where::anywhere;
    Network network;        // Where::network
    std::string host_name;  // Where::host_name
    std::string method;     // "scram-sha-256"
};

// The rules of tokenized lines, one for each. The options behind the method are only checked to be
// name=value: what each method wants of them is for the server to say (pg_hba_file_rules.error).
std::vector<Rule> parse(std::vector<Line> lines);

// The first rule with an error, or null.
const Rule* first_error(const std::vector<Rule>& rules);

// True for a method that lets in only who proves who he is: a password, a certificate, a ticket; not trust or
// ident.
bool proves_identity(std::string_view method);

}  // namespace hba
