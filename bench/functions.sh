#!/usr/bin/env bash
# The length of functions, in lines from the first of the head to the closing brace: median, 90th percentile and the
# longest for core/, extension/ and tool/. Needs universal-ctags. Tests are not counted.
# usage: bench/functions.sh [--longest N]
set -euo pipefail
cd "$(dirname "$0")/.."

if ! ctags --version 2>/dev/null | grep -q Universal; then
    echo "functions.sh: error: universal-ctags is not installed (apt-get install universal-ctags)" >&2
    exit 1
fi
longest=5
[ "${1:-}" != --longest ] || longest=$2

list() { # lines "LENGTH FILE:LINE NAME", sorted
    find "$@" -name '*.[ch]pp' ! -name '*_test.cpp' -print0 |
        xargs -0 ctags -f - --languages=C++ --kinds-C++=f '--extras=-{anonymous}' --fields=+ne --excmd=number |
        awk -F'\t' '{ for (i = 4; i <= NF; i++) { if ($i ~ /^line:/) from = substr($i, 6); if ($i ~ /^end:/) to = substr($i, 5) }
            if ($1 !~ /^__anon/ && to >= from) print to - from + 1, $2 ":" from, $1; to = 0 }' | sort -n
}

printf '%-12s %10s %8s %6s %8s\n' folder functions median p90 longest
for folder in core extension tool; do
    list "$folder" | awk -v folder="$folder" '{ length_of[NR] = $1 }
        END { printf "%-12s %10d %8d %6d %8d\n", folder, NR, length_of[int((NR + 1) / 2)], length_of[int(NR * 0.9)], length_of[NR] }'
done
echo
echo "the longest:"
list core extension tool | tail -n "$longest" | tac
