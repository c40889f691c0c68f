# Attacks on the archive and accidents of the network: each ends in its own clear error, and the store is unharmed.
. "$TOP/tests/e2e/lib.sh"

architecture=$(dpkg --print-architecture)
good=$TOP/archive
attack() { # a fresh copy to spoil; files are replaced, never written into: they are hard links
  stop_server
  rm -rf "$TOP/attacked"
  cp -al "$good" "$TOP/attacked"
  rm -rf "$TOP/attacked/dists"
  cp -a "$good/dists" "$TOP/attacked/dists"
  archive=$TOP/attacked
}
resign() { make_release "$archive" "${@:2}" && sign_release "$archive" "$TOP/keys/$1.sec"; }
in_archive() { (cd "$archive" && "$@"); }

# refused CLAIM TEXT…: resolve fails with these texts, and a good archive works afterwards in the same home.
refused() {
  local claim=$1 text
  shift
  expect 2 resolve hello-kit -o "$work/lock.json"
  for text in "$@"; do says "$text"; done
  [ ! -e "$work/lock.json" ] || die "a lock was written"
  text=$(grep -m1 'error: ' "$err" | cut -c 1-200)
  store_is_clean
  ok "$claim: $text"
}

fresh_home

attack
rm "$archive/dists/kit/InRelease" "$archive/dists/kit/Release.gpg"
start_server
refused 'unsigned archive' 'InRelease'

attack
cp "$archive/dists/kit/Release" "$archive/dists/kit/InRelease"
start_server
refused 'InRelease without a signature' 'not a clear-signed message'

attack
resign other
start_server
refused 'signed by a key that is not in Signed-By' 'no good signature'

attack
sed -i 's/^Codename: kit/Codename: kit2/' "$archive/dists/kit/InRelease"
start_server
refused 'signed text changed afterwards' 'bad signature'

attack
resign archive '20 days ago' '10 days ago'
start_server
refused 'expired' 'has expired' '--allow-expired'
expect 0 --allow-expired resolve hello-kit -o "$work/lock.json"
grep -qF 'valid-until' "$work/lock.json" || die "the override is not in the lock"
rm "$work/lock.json"
ok 'expired, accepted by choice: recorded in the lock'

fresh_home
attack
resign archive '2 days ago'
start_server
expect 0 resolve hello-kit -o "$work/lock.json"
rm "$work/lock.json"
resign archive '3 days ago'
refused 'rolled back' 'older than the one' '--allow-rollback'
expect 0 --allow-rollback resolve hello-kit -o "$work/lock.json"
rm "$work/lock.json"
ok 'rolled back, accepted by choice'

fresh_home
attack
index=dists/kit/main/binary-$architecture/Packages.xz
rm -rf "$archive/dists/kit/main/binary-$architecture/by-hash"
in_archive truncate --size=-100 "$index"
start_server
refused 'truncated index' 'Packages.xz'

attack
rm -rf "$archive/dists/kit/main/binary-$architecture/by-hash"
in_archive sh -c "xz -dc $index | sed 's/^Version: 1.0-1/Version: 9.9-9/' | xz > new && mv new $index"
start_server
refused 'index swapped' 'Packages.xz'

attack
start_server '*/Packages.xz=404' '*/binary-*/by-hash/*=404'
refused 'index not found' '404'

attack
start_server '*/InRelease=endless'
refused 'endless InRelease' 'InRelease' 'more than'

attack
start_server '*/InRelease=nothttp'
refused 'something that does not speak HTTP' "$url"

attack
start_server
stop_server
refused 'archive not reachable' "$url"

# --- files
fresh_home
attack
start_server
expect 0 resolve hello-kit -o "$work/lock.json"
cp "$work/lock.json" "$TOP/lock.json"

# not_mirrored CLAIM TEXT…
not_mirrored() {
  local claim=$1 text
  shift
  cp "$TOP/lock.json" "$work/lock.json"
  # The port is another one each time; the lock says where from.
  sed -i "s,http://127.0.0.1:[0-9]*,$url,g" "$work/lock.json"
  expect 2 mirror fetch "$work/lock.json"
  for text in "$@"; do says "$text"; done
  text=$(grep -m1 -E 'missing|error: ' "$err" | cut -c 1-200)
  store_is_clean
  ok "$claim: $text"
}
helper=pool/kit/kit-helper_1.0_all.deb

attack
in_archive sh -c "cp $helper new && printf XXXXXXXX | dd of=new bs=1 seek=200 conv=notrunc status=none && mv new $helper"
start_server
not_mirrored 'package swapped (same size)' 'kit-helper_1.0_all.deb' 'sha256'

attack
in_archive sh -c "cp $helper new && printf more >> new && mv new $helper"
start_server
not_mirrored 'package swapped (larger)' 'kit-helper_1.0_all.deb'

attack
start_server "/$helper=404"
not_mirrored 'package gone' 'kit-helper_1.0_all.deb' '404'

attack
start_server "/$helper=cut:100"
not_mirrored 'connection cut every time' 'kit-helper_1.0_all.deb'

attack
start_server "/$helper=endless"
not_mirrored 'endless package' 'kit-helper_1.0_all.deb'

# --- accidents that must not matter
fresh_home
attack
start_server '/pool/environment/*=cut:20000*1' "/$helper=503*2"
expect 0 resolve hello-kit -o "$work/lock.json"
expect 0 mirror fetch "$work/lock.json"
store_is_clean
stop_server
grep -qE 'GET .* bytes=20000-' "$TOP/requests" || die "nothing was resumed"
ok 'every large package cut once, one server error twice: resumed, complete, clean'

fresh_home
attack
start_server '*=norange' '/nothing=404'
expect 0 resolve hello-kit -o "$work/lock.json"
expect 0 mirror fetch "$work/lock.json"
ok 'a server without ranges will do'

# A third-party archive on the same machine, unreachable, changes nothing.
printf 'deb [trusted=yes] http://127.0.0.1:9/third stable main\n' > "$apt_root/etc/apt/sources.list.d/third.list"
fresh_home
expect 0 resolve hello-kit -o "$work/lock.json"
rm "$apt_root/etc/apt/sources.list.d/third.list"
ok 'an unreachable archive of somebody else does not disturb'
stop_server
echo "$claims passed, 0 failed"
