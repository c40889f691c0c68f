#!/usr/bin/env bash
# clang_tidy.sh SOURCE_TREE BUILD_TREE: the short list of .clang-tidy over every source of the program. A file that was
# clean is looked at again only when what the compiler reads for it has changed.
set -euo pipefail
tree=$(cd "$1" && pwd -P)
build=$(cd "$2" && pwd -P)
rooms='base|model|store|mirror|builder|verifier|sbom|policies|report|cli'
clean=$build/clang-tidy-clean
mkdir -p "$clean"
# Clang cannot read GCC's precompiled headers; without them a missing #include is found here too.
sed -E 's/-Winvalid-pch|-include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" > "$clean/compile_commands.json"
cd "$tree"

check() {
  local file=$1 digest log
  # What the compiler reads for it: the source and every header, of the system too.
  digest=$({ clang-tidy-14 --version; cat .clang-tidy
             clang++-14 -std=c++20 -MM -I. "$file" 2> /dev/null | tr -s ' \\\n' '\n' | grep -v ':$' | sort -u |
               xargs cat; } | sha256sum | cut -d ' ' -f 1)
  [ -e "$clean/$digest" ] && return 0
  # The compile commands are GCC's: warnings are its business, the list of .clang-tidy is ours.
  log=$(mktemp "$clean/log.XXXXXX")
  if clang-tidy-14 -p "$clean" --quiet --extra-arg=-Wno-error --extra-arg=-w "$file" > "$log" 2>&1; then
    touch "$clean/$digest"
    rm "$log"
  else
    grep -v 'warnings generated' "$log"
    rm "$log"
    return 1
  fi
}
export -f check
export build clean
git ls-files --cached --others --exclude-standard -- '*.cc' 2> /dev/null | grep -E "^($rooms)/" > "$clean/files" ||
  find base model store mirror builder verifier sbom policies report cli -name '*.cc' > "$clean/files"
xargs -P "$(nproc)" -I {} bash -c 'check "$1"' check {} < "$clean/files"
echo "$(wc -l < "$clean/files") files, nothing found"
