# A published repository, and what the real apt makes of it: installs from it, and refuses it when it was tampered with.
. "$TOP/tests/e2e/lib.sh"

repository=$TOP/repository
client=
seed=${NACHBAU_SEED:-$RANDOM}
echo "moments from seed $seed (NACHBAU_SEED=$seed repeats them)"
RANDOM=$seed

# fresh_client URL: an apt of its own, with nothing installed and no memory.
fresh_client() {
  client=$(mktemp -d "$TOP/client.XXXXXX")
  mkdir -p "$client"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$client"/var/lib/{dpkg,apt/lists/partial} \
    "$client"/var/cache/apt/archives/partial "$client/downloads"
  : > "$client/var/lib/dpkg/status"
  cp "$TOP/city.asc" "$client/city.asc"
  printf '%s [signed-by=%s] %s city main\n' deb "$client/city.asc" "$1" deb-src "$client/city.asc" "$1" \
    > "$client/etc/apt/sources.list"
}
client_apt() {
  (cd "$client/downloads" && apt-get -q -y -o Dir="$client" -o Dir::Etc=etc/apt -o Dir::State::status="$client/var/lib/dpkg/status" \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=0 "$@") > "$out" 2> "$err" < /dev/null
}
apt_does() { client_apt "$@" || die "apt-get $* failed"; }
# apt_refuses TEXT ARGUMENT…: "update" only warns and keeps what it had, unless told otherwise.
apt_refuses() {
  local text=$1
  shift
  if client_apt -o APT::Update::Error-Mode=any "$@"; then die "apt-get $* took it"; fi
  says "$text"
}

# Nothing of the machine's own apt configuration takes part.
printf 'Dir::Etc::main "/dev/null";\nDir::Etc::parts "/dev/null";\n' > "$TOP/apt.conf"
export APT_CONFIG=$TOP/apt.conf

prepared_home
start_server
expect 2 mirror publish "$repository"
says 'there is nothing to publish'
expect 0 mirror add hello-kit
expect 0 resolve hello-kit
expect 0 mirror fetch "$work/locks/hello-kit.lock.json"
stop_server
lock=$work/locks/hello-kit.lock.json

expect 0 mirror publish "$repository" --suite city --label 'City of X'
says ', valid until '
expect 0 mirror publish-key -o "$TOP/city.asc"
cmp "$TOP/city.asc" "$repository/archive-key.asc" || die "another key"
expect 0 --json mirror publish "$repository" --lock "$lock" --suite city --label 'City of X'
json_is 'd["filesAdded"]' 0
json_is 'd["leftOut"]' '[]'
ok 'publish: a repository of all products; a lock names the same files, and nothing is copied again'

# --- the real apt
fresh_client "file:$repository"
apt_does update
apt_does download hello-kit
cmp "$client"/downloads/hello-kit_*.deb "$archive"/pool/kit/hello-kit_1.0-1_*.deb || die "another hello-kit"
apt_does source --download-only hello-kit
cmp "$client"/downloads/hello-kit_1.0.orig.tar.xz "$archive/pool/kit/hello-kit_1.0.orig.tar.xz" || die "another source"
apt_does --download-only build-dep hello-kit
[ -n "$(find "$client/var/cache/apt/archives" -name 'gcc_*.deb')$(find "$repository/pool" -name 'gcc_*.deb')" ] || die "no compiler"
kit=$archive archive=$repository
start_server
archive=$kit
fresh_client "$url"
apt_does update
apt_does download hello-kit-doc
cmp "$client"/downloads/hello-kit-doc_*.deb "$archive"/pool/kit/hello-kit-doc_1.0-1_all.deb || die "another hello-kit-doc"
stop_server
grep -q '/by-hash/SHA256/' "$TOP/requests" || die "apt did not ask by hash"
ok 'apt: update, download, source and build-dep, from a folder and over HTTP; the bytes are the archive'"'"'s'

# A root of the essential packages and what hello-kit needs, into which apt installs with the root's own dpkg.
cat > "$TOP/install.sh" << 'INSTALL'
set -eu
root=$1 client=$2 repository=$3 wanted=$4
mkdir -p "$root"/usr/bin "$root"/usr/sbin "$root"/usr/lib "$root"/usr/lib64
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done
find "$repository/pool" -name '*.deb' | LC_ALL=C sort > "$client/debs"
while read -r deb; do
  grep -qxF "$(dpkg-deb -f "$deb" Package)" "$wanted" || continue
  dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" --keep-directory-symlink --no-same-owner -x
  dpkg-deb -f "$deb" | sed '1a Status: install ok installed' >> "$client/status"
  echo >> "$client/status"
done < "$client/debs"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/cache/apt/archives/partial" \
  "$root/var/lib/apt/lists/partial" "$root/etc/apt/apt.conf.d" "$root/etc/apt/preferences.d" "$root/etc/apt/trusted.gpg.d"
cp "$client/status" "$root/var/lib/dpkg/status"
mkdir -p "$root/dev" "$root$TOP" "$root$repository"
mount --bind "$repository" "$root$repository"  # apt leaves the files of a folder where they are
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
cp "$APT_CONFIG" "$root$APT_CONFIG"
sed -n 's/^Package: //p' "$client/status" | while read -r name; do : > "$root/var/lib/dpkg/info/$name.list"; done
cp "$client/etc/apt/sources.list" "$root/etc/apt/sources.list"
get() {
  apt-get -q -y -o Dir="$root" -o DPkg::Chroot-Directory="$root" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Dpkg::Use-Pty=0 -o DPkg::Options::=--force-unsafe-io "$@"
}
get update
get install hello-kit
chroot "$root" /usr/bin/dpkg-query -W -f '${db:Status-Status} ${Package}\n' hello-kit
chroot "$root" /usr/bin/hello-kit
INSTALL
fresh_client "file:$repository"
apt_does update
apt_does --simulate --no-install-recommends install '?essential' hello-kit
sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$out" | grep -v '^hello-kit' > "$TOP/wanted"
namespaces=(--mount --pid --fork)
[ "$(id -u)" -eq 0 ] || namespaces+=(--map-auto --map-root-user)
unshare "${namespaces[@]}" sh "$TOP/install.sh" "$TOP/root" "$client" "$repository" "$TOP/wanted" > "$out" 2> "$err" || die "the installation failed"
says 'installed hello-kit'
unshare "${namespaces[@]}" rm -rf "$TOP/root"
ok 'apt: installs hello-kit into a root of the published packages, where it runs'

# --- what apt must refuse
tampered=$TOP/tampered
tamper() {
  rm -rf "$tampered"
  cp -r "$repository" "$tampered"
  fresh_client "file:$tampered"
}
flip() {  # FILE: one bit in its middle
  chmod u+w "$1"
  python3 - "$1" << 'PYTHON'
import sys
content = bytearray(open(sys.argv[1], "rb").read())
content[len(content) // 2] ^= 1
open(sys.argv[1], "wb").write(content)
PYTHON
}
mkdir -m 700 "$TOP/gpg"
gpg --homedir "$TOP/gpg" --batch --quiet --import "$home/keys/archive.pgp" 2> "$err" || die "gpg cannot read the key"
if once 'apt refuses what was tampered with'; then
  tamper
  apt_does update
  flip "$(find "$tampered/pool" -name 'hello-kit_1.0-1_*.deb')"
  apt_refuses 'Hash Sum mismatch' download hello-kit
  tamper
  for file in $(find "$tampered/dists/city/main/" -path '*binary*' -type f); do flip "$file"; done
  apt_refuses 'city' update
  tamper
  flip "$tampered/dists/city/InRelease"
  apt_refuses 'not' update
  # Nor with the signature apart.
  rm "$tampered/dists/city/InRelease"
  fresh_client "file:$tampered"
  apt_does update
  printf 'X' >> "$tampered/dists/city/Release"
  fresh_client "file:$tampered"
  apt_refuses 'signature' update
  tamper
  gpg --batch --quiet --no-default-keyring --keyring "$TOP/keys/other.gpg" --armor --export > "$client/city.asc" 2> /dev/null
  apt_refuses 'NO_PUBKEY' update
  # Signed by the city once, but long ago; with the city's key in gpg, which must be able to read it.
  tamper
  sed -i -e 's/^Date: .*/Date: Mon, 01 Jun 2020 11:00:00 UTC/' -e 's/^Valid-Until: .*/Valid-Until: Mon, 08 Jun 2020 11:00:00 UTC/' \
    "$tampered/dists/city/Release"
  rm "$tampered/dists/city/InRelease"
  gpg --homedir "$TOP/gpg" --batch --quiet --clear-sign -o "$tampered/dists/city/InRelease" "$tampered/dists/city/Release" 2> "$err"
  apt_refuses 'expired' update
  ok 'apt: refuses a flipped bit in package, index and InRelease, a changed Release, another key, and an expired Release'
fi

# Signed by gpg, as a smart card would.
fingerprint=$(gpg --homedir "$TOP/gpg" --with-colons --list-keys 2> /dev/null | sed -n '0,/^fpr:/s/^fpr:*\([0-9A-F]*\):$/\1/p')
GNUPGHOME=$TOP/gpg expect 0 mirror publish "$repository" --lock "$lock" --suite city --label 'City of X' --gpg-key "$fingerprint"
gpgconf --homedir "$TOP/gpg" --kill all
fresh_client "file:$repository"
apt_does update
apt_does download hello-kit
expect 2 mirror publish "$repository" --lock "$lock" --gpg-key 0000000000000000000000000000000000000000
says 'gpg has no key'
ok 'publish --gpg-key: gpg signs, apt accepts'

# --- the switch
# check_whole FOLDER: everything that InRelease leads to is there by its hash. Prints the number of files.
cat > "$TOP/whole.py" << 'PYTHON'
import hashlib, os, sys
suite = sys.argv[1] + "/dists/city/"
for _ in range(int(sys.argv[2])):
    count = 0
    for line in open(suite + "InRelease").read().split("SHA256:\n")[1].splitlines():
        if not line.startswith(" "):
            break
        digest, size, path = line.split()
        content = open(f"{suite}{os.path.dirname(path)}/by-hash/SHA256/{digest}", "rb").read()
        assert hashlib.sha256(content).hexdigest() == digest and len(content) == int(size), path
        if not path.endswith("Packages"):
            continue
        for field in content.decode().split("\n"):
            if field.startswith("Filename: "):
                assert os.path.getsize(f"{sys.argv[1]}/{field[10:]}") > 0
                count += 1
print(count)
PYTHON
start_server
expect 0 resolve stamp-kit
expect 0 mirror fetch "$work/locks/stamp-kit.lock.json"
stop_server
small=$work/locks/stamp-kit.lock.json
old=$(sha256sum < "$repository/dists/city/main/binary-$(dpkg --print-architecture)/Packages.xz" | cut -d ' ' -f 1)
python3 "$TOP/whole.py" "$repository" 60 > "$TOP/read" 2>&1 &
reader=$!
for _ in 1 2; do
  expect 0 mirror publish "$repository" --lock "$small" --suite city
  expect 0 mirror publish "$repository" --lock "$lock" --suite city
done
wait "$reader" || die "a reader saw a half-published state: $(cat "$TOP/read")"
expect 0 mirror publish "$repository" --lock "$small" --suite city
[ -e "$repository/dists/city/main/binary-$(dpkg --print-architecture)/by-hash/SHA256/$old" ] || die "the old index is gone already"
[ -n "$(find "$repository/pool" -name 'hello-kit_*.deb')" ] || die "the old package is gone already"
ok 'publish: a reader sees whole states only, and finds the old index and packages for a while'

killed=0
for _ in 1 2 3 4 5 6; do
  "$TOP/bin/nachbau" --home "$home" -C "$work" mirror publish "$repository" --lock "$lock" --lock "$small" --suite city > "$out" 2> "$err" &
  pid=$!
  sleep "0.$((RANDOM % 8))$((RANDOM % 10))"
  if kill -KILL "$pid" 2> /dev/null; then killed=$((killed + 1)); fi
  wait "$pid" 2> /dev/null || true
  python3 "$TOP/whole.py" "$repository" 1 > /dev/null || die "killed, and not whole"
done
rm -rf "$repository/pool"/h  # as if it had never been placed
expect 0 mirror publish "$repository" --lock "$lock" --lock "$small" --suite city --keep-days 0
[ -z "$(find "$repository" -maxdepth 1 -name '.nachbau-new-*')" ] || die "litter is left"
python3 "$TOP/whole.py" "$repository" 1 > /dev/null
fresh_client "file:$repository"
apt_does update
apt_does download hello-kit stamp-kit
store_is_clean
ok "publish: killed $killed times; the old state or the new one, and the next run tidies up"

# --- what Nachbau built
expect 0 --offline rebuild hello-kit
expect 0 mirror publish "$repository" --evidence "$work/evidence/hello-kit" --suite rebuilt
[ -n "$(find "$repository/pool" -name 'hello-kit_*.deb')" ] || die "what was built is not there"
grep -q '^Package: hello-kit$' "$repository/dists/rebuilt/main/source/Sources" || die "its source is not there"
cp -rL "$work/evidence/hello-kit" "$TOP/evidence"
flip "$(find "$TOP/evidence/artifacts" -name 'hello-kit_*.deb')"
expect 2 mirror publish "$repository" --evidence "$TOP/evidence" --suite rebuilt
says 'the evidence does not hold'
expect 2 mirror publish "$TOP/bin" --lock "$lock"
says 'neither empty nor a repository that Nachbau wrote'
expect 0 log verify
ok 'publish --evidence: what was built, if its evidence holds and its decision allows it'
echo "$claims passed, 0 failed"
