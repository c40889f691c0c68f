#!/usr/bin/env bash
# purl_oracle.sh SOURCE_TREE: purls.txt against packageurl-js.
set -euo pipefail
tree=$1
if [ ! -d "$tree/node_modules/packageurl-js" ]; then
  echo "packageurl-js is not in $tree/node_modules. Run: npm ci --ignore-scripts (test.sh does)"
  exit 1
fi
exec node "$tree/tests/sbom/purl_oracle.mjs" "$tree"
