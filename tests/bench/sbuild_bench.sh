#!/usr/bin/env bash
# sbuild_bench.sh NACHBAU LOCK HOME: from a source package and its build dependencies, both held, to binary packages: this
# builder with a cold and with a cached build root, and sbuild in unshare mode. As an ordinary user with subordinate ids, who
# owns HOME; sbuild, mmdebstrap, apt-utils and python3 must be there.
#
# LOCK  a lock whose files HOME's store holds (nachbau resolve, nachbau mirror fetch)
#
# sbuild begins with a tarball of the base system that is made before (not counted, from the machine's own archives), installs
# the build dependencies from the same packages, served on loopback, and builds with the same options. Prints seconds of wall
# time and the ratios.
set -euo pipefail
[ "$(id -u)" != 0 ] || { echo "sbuild_bench.sh: run this as an ordinary user" >&2; exit 2; }
nachbau=$(realpath "$1") lock=$(realpath "$2") home=$(realpath "$3")
work=$(mktemp -d "$home/sbuild-bench.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
mkdir "$work/home" "$work/debs" "$work/source" "$work/out"
cp -al "$home/store" "$work/home/store"

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
(cd "$work/debs" && dpkg-scanpackages --multiversion . 2> /dev/null > Packages && apt-ftparchive release . > Release)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 -m http.server --bind 127.0.0.1 --directory "$work/debs" "$port" > "$work/server.log" 2>&1 &
server=$!

apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u > "$work/archives"
suite=$(. /etc/os-release; echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=buildd --include=fakeroot \
  --customize-hook="echo 'deb [trusted=yes] http://127.0.0.1:$port ./' > \"\$1/etc/apt/sources.list\"" \
  "$suite" "$work/base.tar" "$work/archives"

seconds() { # COMMAND…: its wall time
  local start end
  start=$(date +%s.%N)
  "$@" > "$work/output" 2>&1 || { tail -n 50 "$work/output" >&2; exit 2; }
  end=$(date +%s.%N)
  echo "$end $start" | awk '{ printf "%.1f", $1 - $2 }'
}
ours() { rm -rf "$work/ours"; "$nachbau" -C "$work" --home "$work/home" --offline -q build "$lock" -o "$work/ours"; }
theirs() {
  (cd "$work/out" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" sbuild --chroot-mode=unshare --chroot="$work/base.tar" \
    --dist="$suite" --arch-all --profiles="$(cat "$work/profiles")" --no-run-lintian --no-run-piuparts \
    --no-run-autopkgtest --no-apt-upgrade --no-apt-distupgrade "$work"/source/*.dsc)
}

echo "from held packages to binary packages, seconds of wall time"
cold=$(seconds ours)
echo "  cold    $cold"
cached=$(seconds ours)
echo "  cached  $cached"
peer=$(seconds theirs)
echo "  sbuild  $peer"
awk -v peer="$peer" -v cold="$cold" -v cached="$cached" 'BEGIN {
  printf "  ratio   cold %.2f, cached %.2f\n", peer / cold, peer / cached }'
