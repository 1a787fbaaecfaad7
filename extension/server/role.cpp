#include "extension/server/role.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/user.h"
#include "libpq/crypt.h"
#include "nodes/makefuncs.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
}

#include "core/scram.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/version.hpp"

namespace pg {

namespace {

// The parse tree of one statement, made by the server's own parser: nodes differ from major to major, the
// text does not.
template <class Statement>
Statement* parse_one(const char* text) {
    return reinterpret_cast<Statement*>(linitial_node(RawStmt, pg_parse_query(text))->stmt);
}

ParseState* parse_state(const char* text) {
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = text;
    return state;
}

List* with_password(List* options, const char* password) {
    if (password == nullptr) return options;
    char name[] = "password";
    auto* value = reinterpret_cast<Node*>(makeString(pstrdup(password)));
    return lappend(options, makeDefElem(pstrdup(name), value, -1));
}

const char* kind_name(PasswordType type) {
    if (type == PASSWORD_TYPE_MD5) return "md5";
    return type == PASSWORD_TYPE_SCRAM_SHA_256 ? "scram-sha-256" : "plain";
}

// rolpassword as it is stored; null when the role has none.
const char* stored_password(const char* role) {
    HeapTuple tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
    if (!HeapTupleIsValid(tuple)) return nullptr;
    bool is_null = true;
    const Datum datum = SysCacheGetAttr(AUTHNAME, tuple, Anum_pg_authid_rolpassword, &is_null);
    const char* password = is_null ? nullptr : TextDatumGetCString(datum);
    ReleaseSysCache(tuple);
    return password;
}

}  // namespace

void refuse_read_only(const char* command) {
    call([command] { PreventCommandIfReadOnly(command); });
}

void create_role(const std::string& statement, const Value& password) {
    const char* text = statement.c_str();
    const char* secret = password ? password->c_str() : nullptr;
    call([text, secret] {
        auto* create = parse_one<CreateRoleStmt>(text);
        create->options = with_password(create->options, secret);
        CreateRole(parse_state(text), create);
        CommandCounterIncrement();
    });
}

void alter_role(const std::string& statement, const Value& password) {
    const char* text = statement.c_str();
    const char* secret = password ? password->c_str() : nullptr;
    call([text, secret] {
        auto* alter = parse_one<AlterRoleStmt>(text);
        alter->options = with_password(alter->options, secret);
        version::alter_role(parse_state(text), alter);
        CommandCounterIncrement();
    });
}

std::string password_kind(const std::string& password) {
    return call([&password] { return kind_name(get_password_type(password.c_str())); });
}

std::string stored_password_kind(const std::string& role) {
    return call([&role] {
        const char* stored = stored_password(role.c_str());
        return stored == nullptr ? "none" : kind_name(get_password_type(stored));
    });
}

bool has_password(const std::string& role, const std::string& password) {
    const char* stored = call([&role] { return stored_password(role.c_str()); });
    if (stored == nullptr) return false;
    // a stored verifier that cannot be reckoned with in reasonable time counts as another password
    return password == stored || (scram::is_bounded(stored) && verifier_fits(stored, password));
}

bool verifier_fits(const std::string& verifier, const std::string& plain) {
    return call([&] { return version::password_fits("", verifier.c_str(), plain.c_str()); });
}

std::vector<std::string> callers_without_replication() {
    std::vector<std::string> found;
    for (const Oid role : {GetUserId(), GetSessionUserId()}) {
        const char* name = call([role]() -> const char* {
            return superuser_arg(role) || has_rolreplication(role) ? nullptr : GetUserNameFromId(role, false);
        });
        if (name != nullptr && (found.empty() || found.back() != name)) found.push_back(name);
    }
    return found;
}

}  // namespace pg
