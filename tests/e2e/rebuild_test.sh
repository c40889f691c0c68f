# The main job on the kit's archive, whole and in stages, and what it says about builds that are not good.
. "$TOP/tests/e2e/lib.sh"

fresh_home
start_server

# --- the whole job
expect 0 rebuild hello-kit
says 'rebuilt bit for bit'
says '2 of 2 bit-identical'
says "allowed by policy 'default'"
[ -d "$work/evidence/hello-kit" ] || die "no evidence folder"
for file in lock.json build.json build.log.zst comparison.json sbom.cdx.json provenance.sigstore.json decision.json trace.json.zst \
  policy.toml vsa.sigstore.json artifacts/hello-kit_1.0-1_"$(dpkg --print-architecture)".deb; do
  [ -s "$work/evidence/hello-kit/$file" ] || die "no $file in the evidence"
done
cmp -s "$work/evidence/hello-kit/artifacts/hello-kit-doc_1.0-1_all.deb" "$archive/pool/kit/hello-kit-doc_1.0-1_all.deb" ||
  die "called identical, but it is not"
ok 'rebuild: hello-kit is bit-identical, described, attested and allowed'

expect 0 verify "$work/evidence/hello-kit"
says 'everything holds'
ok 'verify: the evidence holds, offline'

expect 0 trace outside "$work/evidence/hello-kit"
says '0 files were read that neither the lock nor the build brought'
expect 0 trace sources "$work/evidence/hello-kit" debian/hello-kit/usr/bin/hello-kit
says '  hello.c'
expect 0 --json trace users "$work/evidence/hello-kit" hello.c
json_is 'any(e["action"] == "read" and "cc1" in e["arguments"][0] for e in d["events"])' True
expect 0 trace unread "$work/evidence/hello-kit"
expect 2 trace sources "$work/evidence/hello-kit" no-such-file
says 'the build used no file no-such-file'
ok 'trace: what went into the program, who read its source, nothing from outside the lock'

# --- on another machine that has nothing but the evidence folder, an archive at another address and apt's keys
evidence=$work/evidence/hello-kit first_home=$home first_work=$work
stop_server
start_server
prepared_home
cp -rL "$evidence/proofs" "$evidence/lock.json" "$work"
expect 0 --json rebuild --lock "$work/lock.json"
json_is 'd["verdict"]' allowed
cmp "$evidence/sbom.cdx.json" "$work/evidence/hello-kit/sbom.cdx.json" || die "another SBOM"
store_is_clean
ok 'rebuild --lock: somebody else proves and rebuilds what an evidence folder names, and writes the same SBOM'

# --- and without one of the indexes nobody there proves the files
cp -rL "$work/evidence/hello-kit" "$work/unproven"
rm -f "$work/unproven/"{decision.json,policy.toml,vsa.sigstore.json}
index=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["indexes"][0]["sha256"])' "$work/lock.json")
rm -f "$home/store/objects/${index:0:2}/${index:2}"
expect 2 policy "$work/unproven"
says 'but not all'
ok 'policy: files whose index the mirror does not hold are not proven'
home=$first_home work=$first_work

# --- again, with the archive gone
stop_server
expect 0 --offline --json rebuild hello-kit
json_is 'd["verdict"]' allowed
json_is 'sorted(set(d["artifacts"].values()))' "['identical']"
expect 0 --json rebuild --lock "$work/locks/hello-kit.lock.json"
json_is 'd["verdict"]' allowed
ok 'rebuild: again from the mirror and from the lock alone, with the archive switched off'

start_server
store_is_clean
ok 'store verify: clean'

# --- stage by stage, in another workspace, twice: the documents are the same bytes
stages() {
  work=$(mktemp -d "$TOP/work.XXXXXX")
  expect 0 resolve hello-kit -o "$work/lock.json"
  expect 0 mirror fetch "$work/lock.json"
  expect 0 build "$work/lock.json" -o "$work/built"
  expect 0 compare "$work/built"
  expect 0 sbom create "$work/built"
  expect 0 sbom validate "$work/built/sbom.cdx.json"
  expect 0 attest "$work/built"
  expect 0 policy "$work/built"
  expect 0 verify "$work/built"
}
stages
first=$work
stages
for file in lock.json built/comparison.json built/sbom.cdx.json; do
  cmp "$first/$file" "$work/$file" || die "$file is not the same the second time"
done
ok 'resolve, mirror, build, compare, sbom, attest, policy, verify: each alone; lock, comparison and SBOM are the same bytes'

# --- foreign documents, and package URLs: verdict, place, remedy
python3 - "$work/built/sbom.cdx.json" "$work/bad.json" << 'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
document["components"][0]["type"] = "libary"
document["dependencies"][0]["dependsOn"] = ["nowhere"]
json.dump(document, open(sys.argv[2], "w"))
PYTHON
expect 1 sbom validate "$work/bad.json" "$work/built/sbom.cdx.json"
says 'did you mean "library"?'
says '/dependencies/0/dependsOn/0: nothing in this document has the bom-ref "nowhere"'
says 'valid CycloneDX 1.7'
expect 2 sbom validate --json "$work/bad.json" "$work/nothing.json"
json_is '[d[0]["valid"], d[0]["violations"], sorted(d[1])]' "[False, 2, ['error', 'file']]"
expect 0 purl build deb attr 1:2.4.47-2+b1 --namespace debian --qualifier distro=bookworm --qualifier arch=amd64
says 'pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=bookworm'
expect 2 purl build deb attr
expect 0 purl parse --json 'pkg:deb/debian/attr@1:2.4.47-2+b1?arch=amd64'
json_is 'd[0]["version"]' '1:2.4.47-2+b1'
expect 1 purl validate pkg:deb/attr
says 'a deb package URL needs a namespace'
ok 'sbom validate, purl: verdict, place and remedy, also for foreign documents'

expect 0 log verify
ok 'log verify: the log holds'

# --- recipe files
recipes=$work/recipes
mkdir -p "$recipes/source"
printf '#include <stdio.h>\nint main(void) { return puts(WORD) < 0; }\n' > "$recipes/source/hello.c"
git -C "$recipes/source" init --quiet
git -C "$recipes/source" add hello.c
git -C "$recipes/source" -c user.name=kit -c user.email=kit@example.org commit --quiet --message=one
commit=$(git -C "$recipes/source" rev-parse HEAD)
git -C "$recipes/source" archive --format=tar --prefix=hello-2.0/ -o "$recipes/hello-2.0.tar" "$commit"
recipe() {
  printf '%s\n' 'format = "nachbau-recipe/1"' 'name = "hello-script"' 'version = "2.0"' 'licence = "MIT"' '[source]' "$@" \
    '[environment]' 'packages = ["gcc", "libc6-dev"]' '[build]' \
    'commands = ["gcc -DWORD=\"\\\"$WORD\\\"\" -o hello hello.c", "./hello"]' 'outputs = ["hel*o"]' \
    '[build.environment]' 'WORD = "built"'
}
recipe 'git = "source"' "commit = \"$commit\"" > "$recipes/git.toml"
recipe 'tarball = "hello-2.0.tar"' "sha256 = \"$(sha256sum < "$recipes/hello-2.0.tar" | cut -d ' ' -f 1)\"" > "$recipes/tar.toml"
expect 2 rebuild "$recipes/git.toml"
says 'no reference      hello'
says "git archive --prefix=source/ $commit"
says "unknown by policy 'default'"
built=$(sha256sum < "$work/evidence/hello-script/artifacts/hello")
zstd -dcq "$work/evidence/hello-script/build.log.zst" | grep -x built > /dev/null || die "the program did not run"
expect 2 verify "$work/evidence/hello-script"
says_not 'fail  '
ok 'rebuild RECIPE.toml: built from a commit, described, attested, and unknown because nothing was there to compare with'

mv "$recipes/source" "$recipes/gone"
stop_server
expect 2 --json rebuild --lock "$work/locks/hello-script.lock.json"
json_is 'd["artifacts"]' "{'hello': 'no-reference'}"
[ "$(sha256sum < "$work/evidence/hello-script/artifacts/hello")" = "$built" ] || die "another program from the same lock"
expect 2 rebuild --lock "$work/locks/hello-script.lock.json" --arch-only
says 'are chosen when its lock is made'
expect 2 --offline rebuild "$recipes/tar.toml"
says_not 'git archive'
[ "$(sha256sum < "$work/evidence/hello-script/artifacts/hello")" = "$built" ] || die "another program from the tarball"
printf 'x' >> "$recipes/hello-2.0.tar"
sed -i 's/^version.*/version = 2.0/' "$recipes/tar.toml"
expect 2 rebuild "$recipes/tar.toml"
says "$recipes/tar.toml:3: version must be a string"
start_server
ok 'rebuild --lock of a recipe: the same bits with repository and archive gone; a tarball gives them too; mistakes have a line'

expect 2 --architecture "$([ "$(dpkg --print-architecture)" = s390x ] && echo riscv64 || echo s390x)" rebuild hello-kit
says 'cannot run programs for'
ok 'rebuild --architecture: refused where nothing runs its programs'

# --- builds that are not good
expect 1 rebuild stamp-kit
says 'stamp.txt'
says 'denied'
expect 1 --json rebuild stamp-kit
json_is 'd["artifacts"]["stamp-kit_1.0_all.deb"]' differs
expect 0 verify "$work/evidence/stamp-kit"
ok 'stamp-kit: differs, and the file with the time stamp is named; the evidence of it holds'

expect 1 rebuild broken-kit
says 'denied'
zstd -dcq "$work/evidence/broken-kit/build.log.zst" | grep -F 'this package is broken on purpose' > /dev/null || die "no log of the failure"
says "'>' marks the one that tells most"
says 'this package is broken on purpose'
expect 0 build-log "$work/evidence/broken-kit" --grep 'BROKEN on purpose'
says 'this package is broken on purpose'
expect 1 build-log "$work/evidence/broken-kit" --grep 'no such text'
expect 1 --json rebuild broken-kit
json_is 'd["build"]' failed
ok 'broken-kit: a failed build is recorded with its log, shows the lines that tell why, and is denied'

# --- inside a failed build, and inside a fresh one
expect 1 build "$work/locks/broken-kit.lock.json" -o "$work/kept" --keep-failed
tree=$(sed -n 's/.*nachbau shell --failed //p' "$err")
expect 0 shell --failed "$tree" -- sh -c 'pwd; id -u; echo "$DEB_BUILD_OPTIONS"; touch played'
says '/build/reproducible-path/broken-kit-1.0'
says 1000
says 'nocheck parallel='
says 'Nothing done here is recorded'
expect 7 shell --failed "$home/work/$tree" --remove -- sh -c 'test -e played && exit 7'
[ ! -e "$home/work/$tree" ] || die "the tree was to be removed"
expect 2 shell --failed "$tree" -- true
expect 0 shell "$work/lock.json" -- cat debian/source/format
says '3.0'
expect 2 shell "$work/lock.json"
says 'a shell needs a terminal'
code=0
printf 'echo wi""de; tty; exit 5\n' | TERM=xterm script -qec "$TOP/bin/nachbau --home $home -C $work shell $work/lock.json" \
  /dev/null > "$out" 2> "$err" || code=$?
[ "$code" -eq 5 ] || die "the interactive shell ended with $code, not 5"
says 'wide'
says '/dev/pts/0'
says 'Weaker than in a build'
ok 'shell: enters the kept tree of a failed build and a fresh one, with a terminal and without, as the build saw it'

# --- several at once; one that fails does not keep the others from being built
expect 1 --json rebuild no-such-kit broken-kit --builds 2
json_is '[d[0]["source"], d[0]["exitCode"], d[1]["source"], d[1]["verdict"]]' "['no-such-kit', 2, 'broken-kit', 'denied']"
says 'no-such-kit: nachbau: error'
ok 'rebuild --builds: several at once, results in the order asked for'

expect 0 rebuild netty-kit
zstd -dcq "$work/evidence/netty-kit/build.log.zst" > "$TOP/log"
grep -q 'netty-kit: connect 192.0.2.1: ' "$TOP/log" || die "netty-kit tried nothing"
grep -q 'netty-kit: connect 127.0.0.1: ' "$TOP/log" || die "netty-kit tried nothing"
! grep -q REACHED "$TOP/log" || die "the network was reached"
ok 'netty-kit: tried every way out and found none, though the archive listens on loopback'

expect 1 --json rebuild hang-kit --time-limit 5
json_is 'd["build"]' timed-out
nothing_left_behind 'sleep 98765'
zstd -dcq "$work/evidence/hang-kit/build.log.zst" | grep -F 'hanging now' > /dev/null || die "no log of the hanging build"
ok 'hang-kit: stopped after its time, log kept, no process or mount left'

expect 1 --json rebuild flood-kit --disk-limit 64M --time-limit 120
json_is 'd["build"]' over-limit
zstd -dcq "$work/evidence/flood-kit/build.log.zst" | grep -F 'writing without end' > /dev/null || die "no log of the flooding build"
[ "$(du -sm "$home" "$work" | awk '{ s += $1 } END { print s }')" -lt 4000 ] || die "what it wrote is still there"
ok 'flood-kit: stopped at the disk limit'

store_is_clean
expect 2 rebuild no-such-kit
says 'no archive offers'
expect 2 rebuild
says 'which source package?'
expect 2 --lang de rebuild
says 'Fehler'
expect 2 verify "$work/none"
expect 2 frobnicate
ok 'errors: unknown package, nothing given, German, no evidence, unknown command'

# --- tampering with the evidence
evidence=$work/evidence/hello-kit
expect 0 rebuild hello-kit
if once 'a flipped bit in any file of the evidence'; then
  tampered=$work/tampered
  mkdir "$tampered"
  (cd "$(readlink -f "$evidence")" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) > "$TOP/files"
  [ "$(wc -l < "$TOP/files")" -ge 12 ] || die "the evidence has too few files"
  folders=()
  while read -r file; do
    name=$(tr / _ <<< "$file")
    cp -rL "$evidence" "$tampered/flipped-$name"
    cp -rL "$evidence" "$tampered/gone-$name"
    python3 - "$tampered/flipped-$name/$file" << 'PYTHON'
import sys
path = sys.argv[1]
content = bytearray(open(path, "rb").read())
content[len(content) // 2] ^= 1
open(path, "wb").write(content)
PYTHON
    rm -f "$tampered/gone-$name/$file"
    folders+=("$tampered/flipped-$name" "$tampered/gone-$name")
  done < "$TOP/files"
  expect 1 --json verify "${folders[@]}"
  python3 - "$out" "$TOP/files" << 'PYTHON' > "$TOP/wrong" || die "$(cat "$TOP/wrong")"
import json, sys
results = json.load(open(sys.argv[1]))
files = open(sys.argv[2]).read().split()
assert len(results) == 2 * len(files), "not every folder has a result"
for i, result in enumerate(results):
    file, flipped = files[i // 2], i % 2 == 0
    assert result["exitCode"] == 1 if flipped else result["exitCode"] != 0, f"{result['evidence']}: {result['exitCode']}"
    bad = [f for f in result.get("findings", []) if f["outcome"] in ("fail", "unknown")] or result["error"]
    assert file in json.dumps(bad, ensure_ascii=False), f"{result['evidence']}: {file} is not named"
PYTHON
  rm -rf "$tampered"
  cp -rL "$evidence" "$tampered"
  echo surprise > "$tampered/artifacts/extra.deb"
  expect 1 verify "$tampered"
  says 'extra.deb'
  ok 'verify: a flipped bit in any file, any missing file and an added file are found and named'
fi

# A stranger's evidence: good in itself, signed by a key that is not trusted here.
stranger=$home
home=$(mktemp -d "$TOP/home.XXXXXX")
code=0
nachbau verify "$evidence" > "$out" 2> "$err" || code=$?
[ "$code" -ne 0 ] || die "evidence signed by an unknown key is taken as good"
expect 0 verify "$evidence" --key "$stranger/keys/signing.pem.pub"
home=$stranger
ok 'verify: a key nobody trusts is not enough; --key makes it so'

# --- bit rot
object=$(find "$home/store/objects" -type f -size +100k -print -quit)  # no pipe that closes early: pipefail
chmod u+w "$object"
printf 'XXXXXXXXXXXXXXXX' | dd of="$object" bs=1 seek=50000 conv=notrunc status=none
expect 1 store verify
says "$(basename "$object")"
rm -f "$object"
expect 0 mirror fetch "$work/locks/hello-kit.lock.json"
store_is_clean
ok 'store verify: a changed object is named; mirror brings it back'
stop_server
echo "$claims passed, 0 failed"
