#!/usr/bin/env bash
# escapes.sh BUILD: the table of what builds (and maintainer scripts) try to get out of the sandbox or at more of the machine,
# and what answered: as root, as an ordinary user with subordinate ids, and as one without. As root, with the user
# nachbau-test (./test.sh makes it); otherwise all columns are the caller's.
#
# BUILD  a build tree
#
# Exit code 1 if an answer is not the expected one.
set -euo pipefail
output=$(mktemp)
trap 'rm -f "$output"' EXIT
code=0
NACHBAU_PRINT_ESCAPES=1 "$1/tests/builder/builder_test" --gtest_filter='*EscapeTest*' > "$output" || code=1
awk -F '\t' '
  $1 != "escape" { next }
  !($3 in column) { column[$3] = ++columns; name[columns] = $3 }
  { answer[$2, column[$3]] = $4; if (!($2 in seen)) { seen[$2] = 1; attempts[++count] = $2 } }
  END {
    printf "%-34s", "attempt"
    for (c = 1; c <= columns; ++c) printf " %-14s", substr(name[c], 1, 20)
    print ""
    for (i = 1; i <= count; ++i) {
      printf "%-34s", attempts[i]
      for (c = 1; c <= columns; ++c) printf " %-14s", substr(answer[attempts[i], c], 1, 14)
      print ""
    }
  }' "$output" | sed 's/ *$//'
grep -E '^\[ +(FAILED|PASSED|OK) ' "$output" || true
exit "$code"
