#!/usr/bin/env bash
# root_next_bench.sh NACHBAU LOCK_A LOCK_B HOME: what a second product costs when the first one's base is known: the build
# root of LOCK_B alone in an empty cache, then after that of LOCK_A. Both locks' files must be in HOME's store (nachbau
# resolve, nachbau mirror fetch). Everything happens in a home of its own (hard links to the store of HOME, on the same file
# system), which is removed afterwards.
#
# Prints seconds of each and the ratio; exit code 1 when the second product is not faster, or its root not the same to the byte. As root.
set -euo pipefail
nachbau=$(realpath "$1") a=$(realpath "$2") b=$(realpath "$3") home=$(realpath "$4")
work=$(mktemp -d "$home/root-next-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/cold" "$work/next"
cp -al "$home/store" "$work/cold/store"
cp -al "$home/store" "$work/next/store"

prepare() { # HOME LOCK: seconds
  local start end
  start=$(date +%s.%N)
  "$nachbau" --home "$work/$1" -q --json root prepare "$2" > "$work/output.$1" || { cat "$work/output.$1" >&2; exit 2; }
  end=$(date +%s.%N)
  echo "$end $start" | awk '{ printf "%.3f", $1 - $2 }'
}
trees() { # HOME: a digest of every byte, owner, mode and time of the layers of the root prepared last
  local digest root
  digest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"])' "$work/output.$1")
  root=$(find "$work/$1" -maxdepth 5 -type d -path "*/roots/$digest")
  for layer in "$root"/{configured,base} "$root/../$(cat "$root/beneath")"/{configured,base}; do
    tar --sort=name --numeric-owner -c -C "$layer" . | sha256sum
  done
}

sync
first=$(prepare next "$a")
next=$(prepare next "$b")
cached=$(prepare next "$b")
cold=$(prepare cold "$b")
echo "seconds of wall time, the whole program"
echo "  first product           $first"
echo "  second, base known      $next"
echo "  second, prepared again  $cached"
echo "  second, nothing known   $cold"
[ "$(trees next)" = "$(trees cold)" ] || { echo "the roots differ" >&2; exit 1; }
awk -v cold="$cold" -v known="$next" 'BEGIN { printf "  ratio                   %.1f\n", cold / known; exit !(cold > known) }'
