#!/usr/bin/env bash
# clang_tidy.sh SOURCE_TREE BUILD_TREE: the short list of .clang-tidy over every source of the program. A file that was
# clean is looked at again only when it, a header of the program that it reads, or a library's version has changed.
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
  local digest=$1 file=$2 log
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
dpkg-query --show --showformat '${Package} ${Version}\n' '*-dev' 'clang*' > "$clean/libraries"

# "DIGEST FILE" lines: of the file and of all headers of the program that it reads, directly or not.
python3 - "$clean" > "$clean/work" <<'PYTHON'
import functools, hashlib, os, re, sys
clean = sys.argv[1]
common = b"".join(open(name, "rb").read() for name in (".clang-tidy", clean + "/libraries"))

@functools.cache
def read(path):
    text = open(path, "rb").read()
    return text, [name.decode() for name in re.findall(rb'^#include "([^"]+)"', text, re.M)]

def reads(path):
    seen, todo = set(), [path]
    while todo:
        name = todo.pop()
        if name in seen: continue
        seen.add(name)
        todo += [header for header in read(name)[1] if os.path.exists(header)]
    return sorted(seen)

for line in open(clean + "/files"):
    digest = hashlib.sha256(common)
    for name in reads(line.strip()):
        digest.update(name.encode() + b"\0" + read(name)[0])
    print(digest.hexdigest(), line.strip())
PYTHON
xargs -P "$(nproc)" -L 1 bash -c 'check "$1" "$2"' check < "$clean/work"
echo "$(wc -l < "$clean/files") files, nothing found"
