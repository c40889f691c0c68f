#!/usr/bin/env bash
# root_bench.sh NACHBAU LOCK HOME [ROUNDS]: from mirrored packages to a ready build root: cold, cached, and the peer:
# mmdebstrap makes a base system with build-essential, then apt-get build-dep installs what the source asks for, all from the
# same packages in a local directory. As root. Everything happens in a home of its own (hard links to the store of HOME, on
# the same file system), which is removed afterwards.
#
# LOCK   a lock whose files HOME's store holds (nachbau resolve, nachbau mirror fetch)
# ROUNDS how often cold and the peer run, taking turns; default 2
#
# Prints seconds of each and the ratios of the medians; exit code 1 below the aims (8 times faster cold, 300 times cached).
set -euo pipefail
nachbau=$(realpath "$1") lock=$(realpath "$2") home=$(realpath "$3") rounds=${4:-2}
work=$(mktemp -d "$home/root-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/debs" "$work/source"
# A home for each round, nothing deleted between: ext4 looks long for inodes where many were given up just now.
fresh() {
  mkdir "$work/home-$1"
  cp -al "$home/store" "$work/home-$1/store"
}

# What mmdebstrap gets: the environment's packages under their names, as one flat archive, and the source.
python3 - "$lock" "$home/store/objects" "$work" <<'PYTHON'
import json, os, sys
lock, objects, work = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
for entry in lock["files"]:
    place = {"environment": "debs", "source": "source"}.get(entry["role"])
    if place is None: continue
    digest = entry["sha256"]
    os.link(f"{objects}/{digest[:2]}/{digest[2:]}", f"{work}/{place}/{os.path.basename(entry['path'])}")
open(f"{work}/profiles", "w").write(",".join(lock["recipe"]["buildProfiles"]))
PYTHON
(cd "$work/debs" && dpkg-scanpackages --multiversion . 2> /dev/null > Packages &&
  apt-ftparchive -o APT::FTPArchive::Release::Codename=kit release . > Release)  # mmdebstrap asks for the codename
count=$(grep -c '^Package:' "$work/debs/Packages")

seconds() { # COMMAND…: its wall time
  local start end
  start=$(date +%s.%N)
  "$@" > "$work/output" 2>&1 || { cat "$work/output" >&2; exit 2; }
  end=$(date +%s.%N)
  echo "$end $start" | awk '{ printf "%.3f", $1 - $2 }'
}
prepare() { "$nachbau" --home "$work/home-$round" -q root prepare "$lock"; }
peer() {
  mmdebstrap --variant=essential --include=build-essential,fakeroot --skip=check/empty \
    --setup-hook='/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh "$1"' --customize-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get --yes \
      --no-install-recommends --build-profiles '$(cat "$work/profiles")' -o DPkg::Chroot-Directory=\"\$1\" build-dep \
      $(printf '%s' "$work"/source/*.dsc)" \
    --customize-hook='grep -c "^Status: install ok installed" "$1/var/lib/dpkg/status" > '"$work/peer-count" \
    kit "$work/peer-$round" "deb [trusted=yes] copy:$work/debs ./"
}
median() { sort -n | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int(NR / 2) + 1]) / 2 }'; }

for ((round = 0; round < rounds; round++)); do fresh $round; done
sync
echo "build root of $count packages, seconds of wall time"
for ((round = 0; round < rounds; round++)); do
  time=$(seconds prepare)
  echo "$time" >> "$work/cold"
  echo "  cold        $time"
  time=$(seconds peer)
  echo "$time" >> "$work/peers"
  echo "  mmdebstrap  $time  ($(cat "$work/peer-count") packages)"
done
round=0
cached=$(for _ in 1 2 3 4 5; do seconds prepare; echo; done | median)
echo "  cached      $cached  (median of 5, the whole program)"
awk -v peer="$(median < "$work/peers")" -v cold="$(median < "$work/cold")" -v cached="$cached" 'BEGIN {
  printf "  ratio       cold %.1f (aim 8), cached %.0f (aim 300)\n", peer / cold, peer / cached
  exit !(peer / cold >= 8 && peer / cached >= 300) }'
