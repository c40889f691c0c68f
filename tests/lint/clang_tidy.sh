#!/usr/bin/env bash
# clang_tidy.sh SOURCE_TREE BUILD_TREE: the short list of .clang-tidy over every source of the program. Most of the time goes
# into the headers of the libraries, so several files are read as one, those that have no name of their own in common; where
# that finds something, each of them is looked at alone. What was clean is looked at again only when it, a header of the
# program that it reads, or a library's version has changed.
set -euo pipefail
tree=$(cd "$1" && pwd -P)
build=$(cd "$2" && pwd -P)
rooms='base|model|store|mirror|builder|verifier|sbom|policies|report|cli'
clean=$build/clang-tidy-clean
mkdir -p "$clean"
cd "$tree"

tidy() { # SOURCE ROOM ERRORS
  # shellcheck disable=SC2046
  clang-tidy-14 --quiet --config-file=.clang-tidy --header-filter="^($tree/)?[a-z]+/.*\.(h|cc)\$" "$1" -- -std=c++20 -w \
    $(cat "$clean/flags.$2") 2> "$3" || { grep -v 'warnings\? generated' "$3"; return 1; }
}
check() { # DIGEST FILE…
  local digest=$1 room=${2%%/*} file bad=0
  local all=$clean/$digest
  shift
  [ -e "$all.clean" ] && return 0
  printf '#include "%s"\n' "$@" > "$all.cc"
  if ! tidy "$all.cc" "$room" "$all.errors" > "$all.found"; then
    for file in "$@"; do tidy "$file" "$room" "$all.errors" > "$all.found" || { bad=1; cat "$all.found"; }; done
  fi
  rm -f "$all.cc" "$all.errors" "$all.found"
  [ "$bad" = 0 ] && touch "$all.clean"
}
export -f check tidy
export clean tree rooms
git ls-files --cached --others --exclude-standard -- '*.cc' 2> /dev/null | grep -E "^($rooms)/" > "$clean/files" ||
  find base model store mirror builder verifier sbom policies report cli -name '*.cc' > "$clean/files"
dpkg-query --show --showformat '${Package} ${Version}\n' '*-dev' 'clang*' > "$clean/libraries"

# "DIGEST FILE…" lines: files to be read as one, and the digest of them and of all headers of the program that they read;
# flags.ROOM: what the compiler is told of where headers are, and of macros.
python3 - "$clean" "$build" > "$clean/work" <<'PYTHON'
import collections, functools, hashlib, json, os, re, shlex, subprocess, sys
clean, build = sys.argv[1:]
common = b"".join(open(name, "rb").read() for name in (".clang-tidy", "tests/lint/clang_tidy.sh", clean + "/libraries"))
flags = collections.defaultdict(dict)
for entry in json.load(open(build + "/compile_commands.json")):
    words = shlex.split(entry["command"])
    room = words[words.index("-o") + 1].split("/")[0]  # below the build tree
    words = iter(words)
    for word in words:
        if word == "-isystem": flags[room]["-isystem " + next(words)] = None
        elif word[:2] in ("-I", "-D"): flags[room][word] = None
for room, found in flags.items():
    open(f"{clean}/flags.{room}", "w").write(" ".join(found))

@functools.cache
def read(path):
    text = open(path, "rb").read()
    return text, [name.decode() for name in re.findall(rb'^#include "([^"]+)"', text, re.M)]

def reads(paths):
    seen, todo = set(), list(paths)
    while todo:
        name = todo.pop()
        if name in seen: continue
        seen.add(name)
        todo += [header for header in read(name)[1] if os.path.exists(header)]
    return sorted(seen)

rooms = collections.defaultdict(list)
for line in open(clean + "/files"):
    rooms[line.split("/")[0]].append(line.strip())
for room in rooms.values():
    groups = subprocess.run([sys.executable, "cmake/groups.py", *room], check=True, capture_output=True, text=True).stdout
    for files in map(str.split, groups.splitlines()):
        digest = hashlib.sha256(common)
        for name in reads(files):
            digest.update(name.encode() + b"\0" + read(name)[0])
        print(digest.hexdigest(), *files)
PYTHON
xargs -P "$(nproc)" -L 1 bash -c 'check "$@"' check < "$clean/work"
echo "$(wc -l < "$clean/files") files, nothing found"
