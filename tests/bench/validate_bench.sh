#!/usr/bin/env bash
# Validates one document of COMPONENTS components (20,000 unless given) with `nachbau sbom validate` and compares time and
# peak memory with valijson alone (libvalijson-dev; as it is, so without most formats) and with ajv; then a document of
# MEGABYTES MB (200) with ours alone.
#
#   validate_bench.sh NACHBAU [COMPONENTS] [MEGABYTES]
#
# Needs g++, node, python3 and the node_modules of the tree. With 20,000 components the peers take minutes.
set -euo pipefail
nachbau=$(realpath "$1") components=${2:-20000} megabytes=${3:-200}
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$components" "$megabytes" << 'PYTHON'
import hashlib, json, sys
work, count, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def component(i):
    digest = hashlib.sha512(str(i).encode()).hexdigest()
    return {"type": "library", "bom-ref": f"package-{i}", "name": f"package-{i}", "version": f"1:{i}.2-3+deb12u1",
            "purl": f"pkg:deb/debian/package-{i}@1:{i}.2-3%2Bdeb12u1?arch=amd64",
            "hashes": [{"alg": "SHA-256", "content": digest[:64]}, {"alg": "SHA-512", "content": digest}],
            "licenses": [{"expression": "GPL-2.0-or-later AND MIT"}],
            "externalReferences": [{"type": "distribution", "url": f"https://example.org/pool/p/package-{i}.deb"}],
            "properties": [{"name": "example:file", "value": f"package-{i}.deb"}, {"name": "example:number", "value": str(i)}]}

def dependency(i, count):
    return {"ref": f"package-{i}", "dependsOn": sorted({f"package-{(i * k + k) % count}" for k in (3, 7, 11)} - {f"package-{i}"})}

def write(name, count):
    with open(f"{work}/{name}", "w") as out:
        head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                "metadata": {"timestamp": "2025-05-10T07:16:24Z",
                             "component": {"type": "application", "name": "p", "bom-ref": "p"}}}
        out.write(json.dumps(head)[:-1] + ', "components": [')
        for i in range(count): out.write((",\n" if i else "") + json.dumps(component(i)))
        out.write('], "dependencies": [' + json.dumps({"ref": "p", "dependsOn": [f"package-{i}" for i in range(count)]}))
        for i in range(count): out.write(",\n" + json.dumps(dependency(i, count)))
        out.write("]}\n")
        return out.tell()

size = write("document.json", count)
if megabytes: write("large.json", int(megabytes * 1e6 / (size / count)))
PYTHON

g++ -O2 -std=c++17 -o "$work/valijson_peer" "$tree/tests/bench/valijson_peer.cc"

python3 - "$work" "$nachbau" "$tree" "$megabytes" << 'PYTHON'
import os, sys, time
work, nachbau, tree, megabytes = sys.argv[1:]
schemas = f"{tree}/node_modules/@cyclonedx/cyclonedx-library/res/schema"

def run(*words):
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        os.execvp(words[0], words)
    _, status, usage = os.wait4(pid, 0)
    return (usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024,
            os.waitstatus_to_exitcode(status))

def show(name, result, note=""):
    print(f"{name:<22} {result[0]:8.2f} s of processor, {result[1]:8.2f} s of clock, {result[2]:6.0f} MB, exit {result[3]}{note}",
          flush=True)

document = f"{work}/document.json"
print(f"document of {os.path.getsize(document) / 1e6:.1f} MB")
ours = sorted(run(nachbau, "sbom", "validate", document) for _ in range(5))[2]
show("nachbau sbom validate", ours)
for name, words in (("valijson", (f"{work}/valijson_peer", schemas, document)),
                    ("ajv", ("node", f"{tree}/tests/bench/ajv_peer.mjs", tree, document))):
    peer = run(*words)
    show(name, peer, f": {peer[0] / ours[0]:.0f} times the time, {peer[2] / ours[2]:.1f} times the memory")
if megabytes != "0":
    show(f"{os.path.getsize(f'{work}/large.json') / 1e6:.0f} MB with ours", run(nachbau, "sbom", "validate", f"{work}/large.json"))
PYTHON
