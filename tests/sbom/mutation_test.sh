#!/usr/bin/env bash
# mutation_test.sh SOURCE_TREE SBOM_MUTATION: our verdicts about changed documents against ajv's.
set -euo pipefail
tree=$1 program=$2
if [ ! -d "$tree/node_modules/ajv" ]; then
  echo "ajv is not in $tree/node_modules. Run: npm ci --ignore-scripts (test.sh does)"
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node "$tree/tests/sbom/mutants.mjs" "$tree" > "$work/mutants.ndjson"
"$program" "$work/mutants.ndjson"
