#!/usr/bin/env bash
# scrub_bench.sh NACHBAU HOME [RUNS]
#
# Scrubs the store of HOME and hashes the same files with two processes of sha256sum, in turn, from the disk (caches dropped;
# needs root) and from the page cache; and says what `openssl speed` gives as the limit. Prints MB/s and ratios. HOME should
# be a copy of some GB that fits into memory: an object that is damaged would be moved.
set -euo pipefail
nachbau=$1 home=$2 runs=${3:-3}
objects=$home/store/objects
bytes=$(find "$objects" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
files=$(find "$objects" -type f | wc -l)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%d files, %d MB, %d processors\n' "$files" $((bytes / 1000000)) "$(nproc)"

drop() { [ "$(id -u)" -ne 0 ] || { sync; echo 3 > /proc/sys/vm/drop_caches; }; }
warm() { find "$objects" -type f -print0 | xargs -0 cat > /dev/null; }
seconds() {  # COMMAND…
  local begin end
  begin=$(date +%s%N)
  "$@" > "$work/out" 2>&1 || { cat "$work/out"; exit 1; }
  end=$(date +%s%N)
  echo $(((end - begin) / 1000000))
}
scrub() { "$nachbau" --home "$home" -C "$work" --quiet store scrub "$@"; }
sums() { find "$objects" -type f -print0 | xargs -0 -P2 -n64 sha256sum; }
openssl_sums() { find "$objects" -type f -print0 | xargs -0 -P2 -n64 openssl dgst -sha256; }
best() { sort -n | head -n 1; }
rate() { awk -v b="$bytes" -v ms="$1" 'BEGIN { printf "%.0f", b / 1e3 / ms }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

for mode in disk cache; do
  : > "$work/scrub"; : > "$work/sums"; : > "$work/openssl"
  for _ in $(seq "$runs"); do
    if [ "$mode" = disk ]; then drop; seconds scrub >> "$work/scrub"; else warm; seconds scrub --cached >> "$work/scrub"; fi
    if [ "$mode" = disk ]; then drop; else warm; fi
    seconds sums >> "$work/sums"
    if [ "$mode" = disk ]; then drop; else warm; fi
    seconds openssl_sums >> "$work/openssl"
  done
  a=$(best < "$work/scrub") b=$(best < "$work/sums") c=$(best < "$work/openssl")
  printf '%-5s  scrub %s MB/s   sha256sum -P2 %s MB/s: %s times   openssl dgst -P2 %s MB/s: %s times\n' "$mode" \
    "$(rate "$a")" "$(rate "$b")" "$(ratio "$b" "$a")" "$(rate "$c")" "$(ratio "$c" "$a")"
done
limit=$(openssl speed -elapsed -multi "$(nproc)" -seconds 2 -bytes 1048576 -evp sha256 2> /dev/null | awk '/^evp|^sha256/ { print $NF }' | tr -d k)
printf 'limit  openssl speed -multi %d: %s MB/s; scrub from the cache reaches %s of it\n' "$(nproc)" \
  "$(awk -v k="$limit" 'BEGIN { printf "%.0f", k / 1000 }')" \
  "$(awk -v k="$limit" -v b="$bytes" -v ms="$a" 'BEGIN { printf "%.2f", (b / 1e3 / ms) / (k / 1000) }')"
