#!/usr/bin/env bash
# The rules of docs/architecture.md that a machine can see; one line of TAP for each.
set -uo pipefail
shopt -s lastpipe # rule, at the end of pipes, counts
cd "$(dirname "$0")/.." || exit 1

number=0 failures=0
# rule DESCRIPTION: ok when standard input, the list of offenders, is empty
rule() {
    local offenders
    offenders=$(cat)
    number=$((number + 1))
    if [ -z "$offenders" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        failures=$((failures + 1))
        printf '%s\n' "$offenders" | sed 's/^/#   /'
    fi
}
# found PATTERN FOLDER...: lines of C++ that match; comments may name what code may not
found() {
    local pattern=$1
    shift
    grep -rnE --include='*.cpp' --include='*.hpp' -- "$pattern" "$@" | grep -vE '^[^:]+:[0-9]+: *//'
}
except() { grep -vE -- "$1"; }
includes() { found "^ *# *include [<\"]$1" "${@:2}"; }

# --- where C++ meets PostgreSQL

found 'PG_VERSION_NUM' core extension tool | except '^extension/server/version\.' |
    rule "only extension/server/version.* names PG_VERSION_NUM"
found '(ereport|elog) *\( *(ERROR|FATAL|PANIC)|PG_TRY|sigsetjmp|siglongjmp|PG_RE_THROW|ReThrowError' core extension tool |
    except '^extension/server/boundary\.' | rule "server errors are raised and caught in extension/server/boundary.* only"
found 'std::regex' core extension tool | rule "no std::regex: it overflows the stack on long input"
found 'load_hba *\(' core extension tool | rule "load_hba() is not called in a backend"
includes '(postgres\.h|fmgr\.h|c\.h)' core extension tool | except '^extension/server/postgres\.hpp:' |
    rule "postgres.h is included by extension/server/postgres.hpp only"
includes 'extension/server/postgres\.hpp' core extension tool | except '^extension/(server/|exports\.cpp:)' |
    rule "extension topics see no PostgreSQL header"

# --- directions of includes

includes '(extension|tool)/' core | rule "core includes neither extension nor tool"
includes '(libpq-fe\.h|CLI/|nlohmann/|sys/|unistd\.h|fstream|filesystem)' core | rule "core does no I/O"
includes '(tool/|libpq-fe\.h|CLI/)' extension | rule "extension includes neither tool nor libpq nor CLI11"
includes 'extension/' tool | rule "tool does not include extension"
includes 'libpq-fe\.h' tool | except '^tool/real/' | rule "libpq is used in tool/real only"
includes 'tool/(world|real|plan|commands)' tool/render | rule "tool/render includes nothing that has effects"
includes 'tool/real/' tool | except '^tool/(real/|commands/|connection\.cpp:|main\.cpp:)' | rule "plans see the seams, not the real world"
grep -rlE --include='*.cpp' --include='*.hpp' 'fmt::join\(' core extension tool | xargs -r grep -L 'fmt/ranges\.h' |
    rule "fmt::join comes with fmt/ranges.h, where fmt 11 has it"
found '"psql"|/psql"' tool | rule "no program is psql, which would run the caller's .psqlrc"
found '(^|[^_a-z:])(system|popen) *\(' core extension tool | rule "no process is started through a shell"

# --- SQL

for script in sql/pg_replica--*.sql; do
    grep -nEi 'SECURITY DEFINER|OR REPLACE|IF NOT EXISTS|IF EXISTS' "$script" | except '^[0-9]+: *--' |
        rule "$script: no SECURITY DEFINER, OR REPLACE, IF [NOT] EXISTS"
    grep -oE '^CREATE (SCHEMA|FUNCTION|VIEW|TABLE|TYPE|DOMAIN) [a-z_.]+' "$script" | while read -r _ kind name; do
        grep -qE "^COMMENT ON $kind ${name//./\\.}( |\(|\$)" "$script" || echo "$kind $name"
    done | rule "$script: every object has a comment"
    awk '/^CREATE FUNCTION/ { name = $3; pinned = 0 } /search_path = pg_catalog, pg_temp/ { pinned = 1 }
        name && /;$/ { if (!pinned) print name; name = "" }' "$script" | rule "$script: every function pins search_path"
    grep -oE "^ *AS 'MODULE_PATHNAME', '[a-z_]+'" "$script" | grep -oE "[a-z_]+'$" | tr -d "'" | sort -u | while read -r name; do
        grep -q "^EXPORT($name," extension/exports.cpp && grep -q "^CREATE FUNCTION replica\.$name(" "$script" || echo "$name"
    done | rule "$script: C symbols and SQL functions have the same names"
done

# --- size and shape

find core extension tool -name '*.[ch]pp' -exec wc -l {} + | awk '$2 != "total" && $1 > 300' | rule "no source file is longer than 300 lines"
for header in core/*.hpp; do
    [ ! -f "${header%.hpp}.cpp" ] || [ -f "${header%.hpp}_test.cpp" ] || echo "$header"
done | rule "every topic of core has its test beside it"
for test in regress/sql/*.sql; do
    topic=$(basename "$test" .sql)
    [ -f "regress/expected/$topic.out" ] || echo "$test"
done | rule "every topic of regress/sql has its expected output"
# the longest part of each message that stands in the source as it is shown
messages() {
    perl -0777 -ne 'my $code = qr/core::sqlstate::\w+|\w+\(\w*\)|"\w{5}"|[^,()"]+/;
        while (/(?:\bcore::Error\(\s*($code),|throw invalid\()\s*(?:fmt::format\(|std::string\()?\s*"((?:[^"\\]|\\.)*)"/g) {
            my ($state, $message) = ($1 || "", $2);
            next if $state =~ /internal_error/;
            my ($part) = sort { length $b <=> length $a } split /\{[^}]*\}/, $message =~ tr/\\//dr;
            print "$ARGV\t$part\n";
        }' core/*.cpp extension/*.cpp extension/server/*.cpp
}
asserted=$(cat regress/expected/*.out regress/t/*.pl core/*_test.cpp | sed 's|\\||g')
messages | while IFS=$'\t' read -r file part; do
    case $asserted in *"$part"*) ;; *) echo "$file: $part" ;; esac
done | rule "the message of every error of the extension stands in a test, those of internal_error aside"
find regress/t -name '*.pl' | grep -vE '/[0-9]{3}_[a-z0-9_]+\.pl$' | rule "TAP tests are named NNN_what_holds.pl"

# --- what monitoring is given

metrics_named() { grep -rhoE 'pg_replica_[a-z_]+' "$@" | sort -u; }
metrics_named contrib/monitoring/prometheus-rules.yml contrib/monitoring/grafana-dashboard.json |
    comm -23 - <(metrics_named tool/render/prometheus.cpp) | rule "rules and dashboard name metrics that exist"
sed -n 's/.*docs\/operations\.md: \(.*\)"$/\1/p' contrib/monitoring/prometheus-rules.yml | sort -u | while read -r section; do
    grep -qxE "#{2,3} $section" docs/operations.md || echo "$section"
done | rule "each alert names a section of docs/operations.md"
# Each expression of the dashboard as a rule, which makes promtool read it as PromQL; JSON is YAML.
dashboard_rules() {
    python3 -c 'import json, sys
panels = json.load(sys.stdin)["panels"]
rules = [{"record": "panel_%d_%s" % (p["id"], t["refId"]), "expr": t["expr"]} for p in panels for t in p["targets"]]
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))' <contrib/monitoring/grafana-dashboard.json
}
checked_rules() { promtool check rules "$1" 2>&1 | grep -vE '^Checking|SUCCESS|^$'; }
if command -v promtool >/dev/null && command -v python3 >/dev/null; then
    checked_rules contrib/monitoring/prometheus-rules.yml | rule "promtool accepts the alert rules"
    rules=$(mktemp)
    dashboard_rules >"$rules"
    { grep -q '"expr"' "$rules" || echo "no expression found"; checked_rules "$rules"; } | rule "promtool accepts the expressions of the dashboard"
    rm -f "$rules"
else
    for what in "the alert rules" "the expressions of the dashboard"; do
        number=$((number + 1))
        echo "ok $number - promtool accepts $what # SKIP promtool or python3 is not installed"
    done
fi
for file in contrib/monitoring/*.json docs/*.json; do
    command -v python3 >/dev/null || break
    python3 -m json.tool "$file" 2>&1 >/dev/null | sed "s|^|$file: |"
done | rule "every JSON file is well-formed"

mapfile -t scripts < <(grep -rlE '^#!.*(bash|sh)$' script bench regress .ci 2>/dev/null; ls script/*.sh bench/lib.sh)
for file in "${scripts[@]}"; do bash -n "$file" 2>&1; done | rule "every script is well-formed"
if command -v shellcheck >/dev/null; then
    shellcheck -x "${scripts[@]}" 2>&1 | rule "shellcheck finds nothing"
else
    number=$((number + 1))
    echo "ok $number - shellcheck finds nothing # SKIP shellcheck is not installed"
fi

echo "1..$number"
[ "$failures" = 0 ]
