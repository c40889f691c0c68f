#!/usr/bin/env bash
# root_bench.sh NACHBAU LOCK HOME [PEERS]: from mirrored packages to a ready build root: cold, cached, and the peer
# mmdebstrap with the same packages from a local directory. As root. Everything happens in a home of its own (hard links to
# the store of HOME, on the same file system), which is removed afterwards.
#
# LOCK   a lock whose files HOME's store holds (nachbau resolve, nachbau mirror fetch)
# PEERS  how often the peer runs; default 1
#
# Prints seconds of each and the ratios; exit code 1 below the aims (3 times faster cold, 50 times cached).
set -euo pipefail
nachbau=$(realpath "$1") lock=$(realpath "$2") home=$(realpath "$3") peers=${4:-1}
work=$(mktemp -d "$home/root-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/debs"
cp -al "$home/store" "$work/home/store"

# What mmdebstrap gets: the environment's packages under their names, as one flat archive.
python3 - "$lock" "$home/store/objects" "$work/debs" > "$work/names" <<'PYTHON'
import json, os, sys
lock, objects, debs = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
for entry in lock["files"]:
    if entry["role"] != "environment": continue
    digest = entry["sha256"]
    os.link(f"{objects}/{digest[:2]}/{digest[2:]}", f"{debs}/{os.path.basename(entry['path'])}")
    print(entry["package"])
PYTHON
(cd "$work/debs" && dpkg-scanpackages --multiversion . 2> /dev/null > Packages)
count=$(wc -l < "$work/names")

seconds() { # COMMAND…: its wall time
  local start end
  start=$(date +%s.%N)
  "$@" > "$work/output" 2>&1 || { cat "$work/output" >&2; exit 2; }
  end=$(date +%s.%N)
  echo "$end $start" | awk '{ printf "%.3f", $1 - $2 }'
}
prepare() { "$nachbau" --home "$work/home" -q root prepare "$lock"; }
peer() {
  mmdebstrap --variant=custom --include="$(paste -sd, "$work/names")" --setup-hook='mkdir -p "$1/debs"' \
    --skip=check/empty --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    kit "$work/peer" "deb [trusted=yes] copy:$work/debs ./"
  rm -rf "$work/peer"
}

sync
echo "build root of $count packages, seconds of wall time"
cold=$(seconds prepare)
echo "  cold        $cold"
cached=$(for _ in 1 2 3 4 5; do seconds prepare; echo; done | sort -n | sed -n 3p)
echo "  cached      $cached  (median of 5, the whole program)"
best=
for ((i = 0; i < peers; i++)); do
  time=$(seconds peer)
  echo "  mmdebstrap  $time"
  best=$(printf '%s\n' $best "$time" | sort -n | head -1)
done
awk -v peer="$best" -v cold="$cold" -v cached="$cached" 'BEGIN {
  printf "  ratio       cold %.1f (aim 3), cached %.0f (aim 50)\n", peer / cold, peer / cached
  exit !(peer / cold >= 3 && peer / cached >= 50) }'
