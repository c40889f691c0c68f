#!/usr/bin/env bash
# import_bench.sh NACHBAU LOCK HOME [APT_ROOT]: an import, against cp and sha256sum of the same objects. Everything happens
# in homes of its own beside HOME, on the same file system, which are removed afterwards.
#
# LOCK      a lock whose files HOME's store holds
# APT_ROOT  whose apt configuration has the archives' keys; default: this machine's
#
# Prints seconds of wall time, with a sync where the peer does none, and the ratios.
set -euo pipefail
nachbau=$(realpath "$1") lock=$(realpath "$2") home=$(realpath "$3") apt_root=${4:-/}
work=$(mktemp -d "$home/import-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/workspace"
program() { "$nachbau" -q --home "$1" --apt-root "$apt_root" -C "$work/workspace" "${@:2}" > /dev/null; }
seconds() {  # COMMAND…
  local start end
  start=$(date +%s.%N)
  "$@"
  end=$(date +%s.%N)
  awk -v a="$start" -v b="$end" 'BEGIN { printf "%.2f", b - a }'
}
program "$home" mirror export "$work/export.tar" --lock "$lock"
mkdir "$work/objects"
tar -C "$work/objects" --strip-components=2 -xf "$work/export.tar" volume-0001/objects
files=$(find "$work/objects" -type f | wc -l)
echo "$files objects, $(du -sm "$work/objects" | cut -f 1) MiB"

copy() { cp -r "$work/objects" "$work/copy"; }
copy_synced() { cp -r "$work/objects" "$work/copy" && sync -f "$work/copy"; }
hash() { find "$work/objects" -type f -print0 | xargs -0 sha256sum > /dev/null; }
import() { program "$work/other" mirror import "$work/export.tar" --key "$home/keys/signing.pem.pub"; }

for round in 1 2 3; do
  rm -rf "$work/copy" "$work/other"
  sync -f "$work"
  cp=$(seconds copy); rm -rf "$work/copy"; sync -f "$work"
  synced=$(seconds copy_synced); rm -rf "$work/copy"; sync -f "$work"
  sums=$(seconds hash)
  imported=$(seconds import)
  again=$(seconds import)
  awk -v r="$round" -v cp="$cp" -v synced="$synced" -v sums="$sums" -v import="$imported" -v again="$again" 'BEGIN {
    printf "round %d: cp %s s, cp and sync %s s, sha256sum %s s, import %s s, import again (all held, proven anew) %s s\n", r, cp, synced, sums, import, again
    printf "  import / cp %.2f, import / cp and sync %.2f, import / (cp and sync, then sha256sum) %.2f\n",
      import / cp, import / synced, import / (synced + sums) }'
done
