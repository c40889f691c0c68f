#!/usr/bin/env bash
# spdx_schema_test.sh SOURCE_TREE NACHBAU: what 'sbom convert' writes as SPDX 3.0.1 is valid under the published JSON schema.
set -euo pipefail
source=$1 nachbau=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=()
for document in "$source"/tests/fuzz/corpus/bom/{cyclonedx,spdx2,spdx3}.json; do
  file=$work/$(basename "$document")
  "$nachbau" --home "$work/home" -C "$work" -q sbom convert "$document" --to spdx-3.0.1 -o "$file" > /dev/null
  files+=("$file")
done
node "$source/tests/sbom/spdx_schema.cjs" "$source" "${files[@]}"
