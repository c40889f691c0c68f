#!/usr/bin/env bash
# trace_bench.sh NACHBAU LOCK HOME [ROUNDS]: what watching a build costs: the same build without trace, with it, in the profile
# virtual, and under strace (file and process calls, with a seccomp filter). As root, for strace; strace must be there.
#
# LOCK    a lock whose files HOME's store holds (nachbau resolve, nachbau mirror fetch)
# ROUNDS  how often each runs, taking turns; default 5. strace runs once for all.
#
# Prints the wall time of the build step, least and median, in seconds, and the ratio of the least to that without trace; exit
# code 1 when the trace costs more than 5 per cent.
set -euo pipefail
nachbau=$(realpath "$1") lock=$(realpath "$2") home=$(realpath "$3") rounds=${4:-5}
work=$(mktemp -d "$home/trace-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

python3 - "$lock" "$work/virtual.json" <<'PYTHON'
import json, sys
lock = json.load(open(sys.argv[1]))
lock["recipe"]["profile"] = "virtual"
json.dump(lock, open(sys.argv[2], "w"))
PYTHON

build() { # NAME LOCK OPTION…: one build, its seconds added to $work/NAME
  local name=$1 lock=$2
  shift 2
  rm -rf "$work/out"
  "${wrap[@]}" "$nachbau" -C "$work" --home "$home" --offline -q build "$@" "$lock" -o "$work/out" > "$work/output" 2>&1 ||
    { cat "$work/output" >&2; exit 2; }
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["durationMs"] / 1000)' "$work/out/build.json" >> "$work/$name"
}

wrap=(env)
build warm-up "$lock" --no-trace
for ((i = 0; i < rounds; i++)); do
  build plain "$lock" --no-trace
  build trace "$lock"
  build virtual "$work/virtual.json" --no-trace
done
wrap=(strace -f --seccomp-bpf -e 'trace=%file,%process' -o "$work/strace.log")
build strace "$lock" --no-trace

python3 - "$work" <<'PYTHON'
import statistics, sys
read = lambda name: [float(line) for line in open(f"{sys.argv[1]}/{name}")]
plain = min(read("plain"))
print("build step, seconds of wall time: least, median, ratio of the least")
for name in ("plain", "trace", "virtual", "strace"):
    times = read(name)
    print(f"  {name:8} {min(times):7.1f} {statistics.median(times):7.1f}  {min(times) / plain:.3f}")
sys.exit(min(read("trace")) / plain > 1.05)
PYTHON
