# Who may sign the archives, what of them is held from when, and what is on record of it: snapshots, --at, archives with
# a time in their URL, .buildinfo files, pinned keys, ages, the log of events.
. "$TOP/tests/e2e/lib.sh"

architecture=$(dpkg --print-architecture)
good=$TOP/archive
change() { # a fresh copy to change; files are replaced, never written into: they are hard links
  stop_server
  rm -rf "$TOP/changed"
  cp -al "$good" "$TOP/changed"
  rm -rf "$TOP/changed/dists"
  cp -a "$good/dists" "$TOP/changed/dists"
  archive=$TOP/changed
}
resign() { # DATE VALID_UNTIL KEY…
  make_release "$archive" "$1" "$2"
  sign_release "$archive" "$TOP/keys/$3.sec"
  [ -z "${4:-}" ] || sign_by_both
}
fingerprint_of() {
  gpg --homedir "$TOP/gpg" --batch --quiet --with-colons --show-keys "$TOP/keys/$1.gpg" | awk -F: '$1 == "fpr" { print $10; exit }'
}
mkdir -m 700 "$TOP/gpg"
gpg --homedir "$TOP/gpg" --batch --quiet --import "$TOP/keys/archive.sec" "$TOP/keys/other.sec"
sign_by_both() (
  cd "$archive/dists/kit"
  rm -f InRelease
  gpg --homedir "$TOP/gpg" --batch --quiet --clearsign -u "$kit_key" -u "$other_key" --output InRelease Release
)
kit_key=$(fingerprint_of archive)
other_key=$(fingerprint_of other)

# --- snapshots and the record
fresh_home
change
resign '3 days ago' 'now + 10 days' archive
start_server
expect 2 --offline mirror sync
says 'there is nothing to do'
expect 0 --as 'Mara Muster' --role mirror-keeper --json mirror sync
json_is 'd["unchanged"]' False
json_is 'd["requests"]' 3
says 'this workspace has pinned no archive keys'
first=$(json 'd["time"]')
sleep 1.1
expect 0 --json mirror sync
json_is 'd["unchanged"]' True
json_is 'd["requests"]' 1
ok 'a sync keeps a snapshot; what is unchanged costs one request'

expect 0 resolve hello-kit -o "$work/first.json"
# A new version of one package: the archive moves on.
(cd "$archive" && sed -i 's/^Package: kit-helper$/&\nX-New: yes/' "dists/kit/main/binary-$architecture/Packages" && compress_indexes)
sleep 1.1
resign '2 days ago' 'now + 10 days' archive
expect 0 mirror sync
expect 0 --json mirror snapshots
json_is 'len(d)' 2
json_is 'd[0]["time"]' "$first"
json_is 'd[0]["indexes"]' 2
json_is 'd[0]["bytes"] > 0' True
expect 0 resolve hello-kit -o "$work/second.json"
! cmp -s "$work/first.json" "$work/second.json" || die "the archive did not change"
expect 0 --at "$first" resolve hello-kit -o "$work/then.json"
cmp "$work/first.json" "$work/then.json" || die "--at gave another lock"
expect 2 --at 2020-01-01 resolve hello-kit
says "no snapshot of 2020-01-01T23:59:59Z or before is held; the oldest one is of $first"
expect 2 --at yesterday resolve hello-kit
ok 'resolve --at gives the same lock as then, and names the oldest snapshot where there is none'

# --- rollback and freeze; both are on record
resign '4 days ago' 'now + 10 days' archive
expect 2 mirror sync
says 'older than the one'
expect 0 --allow-rollback mirror sync
printf '[mirror]\nmax_age = 3\n' > "$work/nachbau.toml"
expect 2 mirror sync
says '4 days old; 3 are allowed'
printf '[mirror]\nmax_age = 3\n[mirror.max_ages]\nkit = 6\n[operator]\nname = "office a"\n' > "$work/nachbau.toml"
expect 0 mirror sync
says 'the Release file is 4 days old, of 6 that are allowed'
ok 'an archive that goes back or stands still is refused; accepting it is a choice; half of the age warns'

expect 0 --json log events
json_is '[e["event"]["action"] for e in d][:2]' "['mirror.sync', 'mirror.sync']"
json_is 'd[0]["event"]["actor"]["name"]' 'Mara Muster'
json_is 'd[0]["event"]["actor"]["role"]' 'mirror-keeper'
json_is 'd[-1]["event"]["actor"]["name"]' 'office a'
json_is 'd[-1]["event"]["actor"]["account"]' "$(id -un)"
json_is 'sum(e["event"]["action"] == "mirror.refused" for e in d)' 2
json_is '[r["overrides"] for e in d for r in e["event"]["details"].get("releases", []) if r["overrides"]]' "[['rollback']]"
json_is 'all(e["verified"] for e in d)' True
expect 0 log verify
cp "$home/events/1.sigstore.json" "$TOP/kept"
sed -i 's/"payload": "[^"]/"payload": "A/' "$home/events/1.sigstore.json"
expect 1 log events
says 'NOT verified'
cp "$TOP/kept" "$home/events/1.sigstore.json"
expect 0 log events
says 'verified'
ok 'every sync, refusal and override is on record with who did it; a changed record shows'

# --- where from
expect 0 mirror fetch "$work/second.json"
expect 0 --json mirror origin kit-helper_1.0_all.deb
json_is 'd[0]["objects"][0]["held"]' True
json_is 'd[0]["objects"][0]["acquisitions"][0]["from"]' "$url/pool/kit/kit-helper_1.0_all.deb"
json_is 'd[0]["objects"][0]["acquisitions"][0]["proof"]' index
index=$(json 'd[0]["objects"][0]["acquisitions"][0]["provenBy"][0]')
expect 0 mirror origin "$index"
says 'its digest stands in the signed Release file'
expect 2 mirror origin no-such-file.deb
ok 'origin tells where an object came from, and by which proof'

# --- pinned keys: rotation with overlap
fresh_home
change
start_server
cat "$TOP/keys/archive.gpg" "$TOP/keys/other.gpg" > "$apt_root/etc/apt/keyrings/kit.gpg"
expect 2 mirror key add ABCD1234
says 'not the whole fingerprint'
expect 0 mirror key list
says "$kit_key  trusted by apt"
expect 0 mirror key add "$kit_key"
says 'no other key counts'
expect 2 mirror key add "$kit_key"
expect 0 mirror sync
says_not 'has pinned no archive keys'
resign 'now' 'now + 10 days' other
expect 2 mirror sync
says "signed also by $other_key, which apt trusts and this workspace has not pinned"
says "nachbau mirror key add $other_key"
resign 'now' 'now + 10 days' archive both
expect 0 mirror sync
expect 0 mirror key add "$other_key"
expect 0 mirror key remove "$kit_key"
expect 0 mirror sync
expect 2 mirror key remove "$other_key"
says 'the last key'
resign 'now' 'now + 10 days' archive
expect 2 mirror sync
grep -qF "fingerprint = \"$other_key\"" "$work/archive-keys.toml" || die "the file of keys"
expect 0 --json log events
json_is '[e["event"]["action"] for e in d if "key" in e["event"]["action"]]' "['mirror.key.add', 'mirror.key.add', 'mirror.key.remove']"
printf 'signatures = 2\n' | cat - <(grep -v '^signatures' "$work/archive-keys.toml") > "$TOP/keys.toml"
cp "$TOP/keys.toml" "$work/archive-keys.toml"
expect 2 mirror sync
says '2 signatures are asked for, but there are 1 keys'
ok 'only pinned keys count; a new one comes in while both sign; each change is on record'

# --- an archive with a time in its URL
# gpg signs as of now, which may be five minutes later than the moment asked for; Valid-Until of then has passed.
prepared_home
change
then=$(($(date +%s) - 200))
resign "@$((then - 60))" "@$((then + 60))" archive
moment=$(date -u -d "@$then" +%Y%m%dT%H%M%SZ)
mkdir "$TOP/dated"
mv "$archive" "$TOP/dated/$moment"
archive=$TOP/dated
start_server
printf '%s\n' 'Types: deb' "URIs: $url/{timestamp}" 'Suites: kit' 'Components: main' 'Signed-By: /etc/apt/keyrings/kit.gpg' \
  > "$apt_root/etc/apt/sources.list.d/kit.sources"
expect 2 resolve hello-kit
says 'takes part with --at alone'
at=$(sed -E 's/(....)(..)(..)T(..)(..)(..)Z/\1-\2-\3T\4:\5:\6Z/' <<< "$moment")
expect 0 --at "$at" resolve hello-kit -o "$work/dated.json"
grep -qF "\"asOf\": \"$at\"" "$work/dated.json" || die "the lock does not say as of when"
grep -qF "$url/$moment" "$work/dated.json" || die "the lock does not say where from"
cp "$work/dated.json" "$work/as-resolved.json"
expect 0 mirror fetch "$work/dated.json"
expect 0 --json mirror snapshots
json_is 'd[0]["asOf"]' "$at"
expect 0 --offline --at "$at" resolve hello-kit -o "$work/offline.json"
cmp "$work/as-resolved.json" "$work/offline.json" || die "offline gave another lock"
ok 'an archive with {timestamp} in its URL is used as of then, though its Release file has expired since'

# --- .buildinfo: the build says what it was made with, and from that the same environment is found again
expect 0 build "$work/dated.json" -o "$work/built"
info=$(echo "$work"/built/artifacts/*.buildinfo)
expect 0 --offline resolve --buildinfo "$info" -o "$work/again.json"
says 'the .buildinfo file is unsigned'
# What apt's resolver brings that dpkg does not count as needed is not in the file.
python3 - "$work/dated.json" "$work/again.json" <<'PYTHON' || die "another environment"
import json, sys
names = [{(f["package"], f["version"], f["sha256"]) for f in json.load(open(p))["files"] if f["role"] == "environment"} for p in sys.argv[1:]]
extra = names[1] - names[0]
missing = {name for name, _, _ in names[0] - names[1]}
print("only in the lock:", sorted(missing))
sys.exit(bool(extra) or not names[1])
PYTHON
python3 - "$work/again.json" <<'PYTHON' || die "the references are not those of the file"
import json, sys
lock = json.load(open(sys.argv[1]))
references = [f for f in lock["files"] if f["role"] == "reference"]
sys.exit(not (references and lock["buildInfo"]["signature"] == "unsigned" and lock["recipe"]["buildPath"].startswith("/build/")))
PYTHON
expect 0 mirror fetch "$work/again.json"
expect 0 build "$work/again.json" -o "$work/rebuilt"
expect 0 compare "$work/rebuilt"
says 'identical'
ok 'a build from its own .buildinfo file is the same again'

sed 's/^ dpkg-dev (= .*)/ dpkg-dev (= 0.0.1)/' "$info" > "$work/lost.buildinfo"
expect 2 --offline --json resolve --buildinfo "$work/lost.buildinfo"
json_is 'd["missing"]' "['dpkg-dev 0.0.1']"
sed 's,^Build-Path: .*,Build-Path: ../..,' "$info" > "$work/hostile.buildinfo"
expect 2 --offline resolve --buildinfo "$work/hostile.buildinfo"
says 'not a build path that is accepted: ../..'
gpg --homedir "$TOP/gpg" --batch --quiet -u "$other_key" --clearsign --output "$work/signed.buildinfo" "$info"
expect 0 --offline --json resolve --buildinfo "$work/signed.buildinfo" -o "$work/signed.json"
json_is 'd["buildInfo"]["signature"]' unverified
expect 0 --offline --json resolve --buildinfo "$work/signed.buildinfo" --keyring "$TOP/keys/other.gpg" -o "$work/signed.json"
json_is 'd["buildInfo"]["signers"]' "['$other_key']"
sed -i 's/^Version: .*/&~changed/' "$work/signed.buildinfo"
expect 2 --offline resolve --buildinfo "$work/signed.buildinfo" --keyring "$TOP/keys/other.gpg"
says 'bad signature'
ok 'what is in no snapshot is named; hostile files are refused; a signature is checked, and its lack is recorded'
gpgconf --homedir "$TOP/gpg" --kill all
stop_server
echo "$claims passed, 0 failed"
