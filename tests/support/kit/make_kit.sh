#!/usr/bin/env bash
# make_kit.sh KIT
#
# Makes the test kit in the directory KIT: a small signed Debian archive in which real builds can run.
#
#   KIT/archive/   dists/kit and pool/, as a web server would serve it
#   KIT/keys/      archive.gpg (its key), archive.sec, other.gpg and other.sec (a key nobody trusts)
#
# The packages of the build environment are the real ones that this machine's apt archives offer today (downloaded once
# and kept); the packages to rebuild come from sources/ beside this file. Nothing here depends on a version. A second
# call changes nothing unless an input changed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
kit=$1
mkdir -p "$kit"
kit=$(cd "$kit" && pwd -P)
architecture=$(dpkg --print-architecture)
. "$here/archive.sh"

# What a build needs here; the kit's own build-essential depends on it.
toolchain=(dpkg-dev gcc libc6-dev make)

# 1. The closure of essential packages and the toolchain, as apt resolves it for an empty system.
mkdir -p "$kit/apt/cache/archives/partial" "$kit/apt/empty/archives/partial" "$kit/apt/state/lists/partial"
: > "$kit/apt/state/status"
lists=/var/lib/apt/lists
apt() {
  apt-get -qq --yes --no-install-recommends -o Dir::State="$kit/apt/state" -o Dir::State::status="$kit/apt/state/status" \
    -o Dir::State::lists="$lists" -o Dir::Cache="$kit/apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" "$@"
}
# apt leaves out what it has downloaded already, hence the empty cache.
list_closure() { apt -o Dir::Cache::archives="$kit/apt/empty/archives" --print-uris install '?essential' "${toolchain[@]}"; }
if ! list_closure > "$kit/apt/uris" 2> "$kit/apt/errors"; then
  lists=$kit/apt/state/lists  # the machine's own lists are not there or too old
  apt update || true          # a third-party archive may be down; whether it matters shows in the next line
  list_closure > "$kit/apt/uris"
fi
digest=$({ sort "$kit/apt/uris"; cd "$here" && find . -type f | LC_ALL=C sort | xargs sha256sum; } | sha256sum)
[ "$(cat "$kit/digest" 2> /dev/null)" = "$digest" ] && exit 0
echo "making the test kit in $kit ($(wc -l < "$kit/apt/uris") packages in its build environment)"
rm -rf "$kit/digest" "$kit/archive" "$kit/work" "$kit/reference-root" "$kit/keys"
if ! apt --download-only install '?essential' "${toolchain[@]}"; then
  lists=$kit/apt/state/lists
  apt update || true
  apt --download-only install '?essential' "${toolchain[@]}"
fi
mkdir -p "$kit/archive/pool/environment" "$kit/archive/pool/kit" "$kit/work"
while read -r _ name _; do
  # Without the epoch, as in Debian's own pool.
  ln -f "$kit/apt/cache/archives/$name" "$kit/archive/pool/environment/$(sed 's/_[0-9]*%3a/_/' <<< "$name")"
done < "$kit/apt/uris"

# 2. The kit's own source packages.
epoch=$(dpkg-parsechangelog -l "$here/sources/hello-kit/debian/changelog" -S Timestamp)  # the same in all of them
cd "$kit/work"
cp -r "$here/upstream/hello-kit-1.0" .
tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cJf hello-kit_1.0.orig.tar.xz hello-kit-1.0
for source in "$here"/sources/*; do
  name=$(basename "$source")
  mkdir -p "$name-1.0"
  cp -r "$source/debian" "$name-1.0/"
  chmod 755 "$name-1.0/debian/rules"
  dpkg-source --build "$name-1.0" > "$name.dpkg-source.log" 2>&1 || { cat "$name.dpkg-source.log"; exit 1; }
done
cp ./*.dsc ./*.tar.* "$kit/archive/pool/kit/"

# 3. Their binary packages, the reference. No sandbox of Nachbau's, no maintainer scripts, no dpkg-buildpackage: the
#    environment's packages are only unpacked, and debian/rules is called by hand.
root=$kit/reference-root
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/build/reproducible-path" "$root/tmp"
for directory in bin sbin lib lib64; do ln -s "usr/$directory" "$root/$directory"; done
unpack() { dpkg-deb --fsys-tarfile "$1" | tar -C "$root" --no-same-owner --keep-directory-symlink -x; }
for package in "$kit"/archive/pool/environment/*.deb; do unpack "$package"; done
# The one thing of a maintainer script (base-files') that a build sees: the vendor, whose build flags dpkg-buildflags gives.
ln -s debian "$root/etc/dpkg/origins/default"
rm -rf "$root/dev"
mkdir "$root/dev"
: > "$root/dev/null"
namespaces=(--mount --net --pid --fork)
[ "$(id -u)" -eq 0 ] || namespaces+=(--map-root-user)
build_reference() {
  local name=$1
  cp "$kit/archive/pool/kit/${name}_"* "$root/build/reproducible-path/"
  cat > "$root/build/script" << EOF_SCRIPT
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TZ=UTC HOME=/nonexistent SOURCE_DATE_EPOCH=$epoch
export DEB_BUILD_OPTIONS='nocheck parallel=1' DEB_RULES_REQUIRES_ROOT=no
umask 022
cd /build/reproducible-path
dpkg-source --no-check -x $name*.dsc $name-1.0
cd $name-1.0
debian/rules build
debian/rules binary
EOF_SCRIPT
  unshare "${namespaces[@]}" -- sh -c '
    mount --bind /dev/null "$1/dev/null" && mount -t proc proc "$1/proc" &&
      exec chroot "$1" setpriv --bounding-set=-all --inh-caps=-all --no-new-privs /bin/sh /build/script
    ' sh "$root" > "$kit/work/$name.log" 2>&1 || {
    cat "$kit/work/$name.log"
    exit 1
  }
  mv "$root"/build/reproducible-path/*.deb "$kit/archive/pool/kit/"
  rm -rf "$root"/build/reproducible-path/*
}
build_reference kit-helper
unpack "$kit"/archive/pool/kit/kit-helper_*.deb
for name in hello-kit stamp-kit netty-kit vary-kit; do build_reference "$name"; done

# 4. build-essential, as small as these sources allow.
mkdir -p essential/DEBIAN essential/usr/share/doc/build-essential
echo 'What a build needs.' > essential/usr/share/doc/build-essential/list
(cd essential && md5sum usr/share/doc/build-essential/list > DEBIAN/md5sums)
cat > essential/DEBIAN/control << EOF_CONTROL
Package: build-essential
Version: 1.0
Architecture: all
Maintainer: Nachbau kit <kit@example.org>
Depends: $(printf '%s, ' "${toolchain[@]}" | sed 's/, $//')
Description: what a build needs
 Part of the test kit of Nachbau.
EOF_CONTROL
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group --build essential "$kit/archive/pool/environment/" > /dev/null

# 5. Indexes, keys and signature.
make_key "$kit/keys" archive
make_key "$kit/keys" other
make_indexes "$kit/archive"
make_release "$kit/archive"
sign_release "$kit/archive" "$kit/keys/archive.sec"
rm -rf "$kit/work" "$root"
echo "$digest" > "$kit/digest"
